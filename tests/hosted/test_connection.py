"""Proxies and certificates of the environment hold, for questions as for jobs."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stages.models.hosted.connection import proxy
from stages.models.hosted.identity import Host
from stages.storage.errors import StudyError
from tests.hosted.asked import answers, hosted, questions
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.jobs import Jobs
from tests.hosted.standin.proxy import PASSWORD, Proxy
from tests.hosted.standin.server import Server
from tests.hosted.teaching import KEY, teach

SECRET = "sk-planted-5b1d"
NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
AWAY = "model.test"  # a name that nothing but the proxy knows


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(KEY, SECRET)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A file with a certificate of this machine and of AWAY, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, AWAY)])
    names = [x509.DNSName(AWAY), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "certificate.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        made.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def server_of(certificate: Path | None) -> Server:
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    return Server(Chat().routes, Jobs().routes, tls=tls, key=SECRET)


def asked(server: Server, folder: Path, name: str = "127.0.0.1") -> int:
    """How many of three questions are answered, by a server that is reached by `name`."""
    there = type("There", (), {"url": server.url.replace("127.0.0.1", name)})
    found = answers(hosted(there, api_key_env=KEY), questions(3), folder)
    return sum(one.finish_reason in ("stop", "length") for one in found.values())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_is_reached_through_the_proxy_that_is_told_no_key(
    scheme, certificate, tmp_path, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = server_of(certificate if scheme == "https" else None)
    with server, Proxy(server.port) as way:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", way.url)
        assert asked(server, tmp_path, AWAY) == 3
        asking = len(way.log)
        teach(server.url.replace("127.0.0.1", AWAY))
        assert len(way.log) > asking and len(server.log) > 3
    if scheme == "https":
        told = {(method, target) for method, target, _ in way.log}
        assert told == {("CONNECT", f"{AWAY}:{server.port}")} and SECRET not in str(way.log)


def test_a_proxy_that_refuses_is_named_by_its_variable_without_its_password(
    certificate, tmp_path, monkeypatch
):
    with server_of(certificate) as server, Proxy(server.port, passes=False) as way:
        monkeypatch.setenv("HTTPS_PROXY", way.url)
        with pytest.raises(StudyError, match=r"says 407.*; look at HTTPS_PROXY") as told:
            asked(server, tmp_path, AWAY)
        assert len(way.log) == 1 and PASSWORD not in str(told.value)


def test_a_certificate_signed_by_itself_is_trusted_where_the_environment_says_so(
    certificate, tmp_path, monkeypatch
):
    with server_of(certificate) as server:
        with pytest.raises(StudyError, match=r"not trusted \(self.signed.*; SSL_CERT_FILE") as told:
            asked(server, tmp_path)
        assert "\n" not in str(told.value) and not server.log
        with pytest.raises(StudyError, match=r"not trusted \(self.signed.*; SSL_CERT_FILE"):
            teach(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert asked(server, tmp_path) == 3
        teach(server.url)


def test_certificates_that_cannot_be_read_are_named(certificate, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    told = pytest.raises(StudyError, match=r"SSL_CERT_FILE: '.*none.pem' cannot be read")
    with server_of(certificate) as server, told:
        asked(server, tmp_path)


def test_this_machine_is_reached_without_a_proxy(tmp_path, monkeypatch):
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with server_of(None) as server:
        assert asked(server, tmp_path) == 3


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"HTTPS_PROXY": "http://way:1"}, "http://way:1"),
        ({"https_proxy": "way:1"}, "http://way:1"),
        ({"ALL_PROXY": "http://way:1"}, "http://way:1"),
        ({"HTTP_PROXY": "http://way:1"}, None),
        ({"HTTPS_PROXY": "http://way:1", "NO_PROXY": "example.org, .test"}, None),
        ({"HTTPS_PROXY": "http://way:1", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://way:1", "NO_PROXY": "odel.test"}, "http://way:1"),
    ],
    ids=str,
)
def test_the_environment_says_whether_there_is_a_proxy(environment, found, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy(Host("toy", "toy", f"https://{AWAY}/v1")) == found


def test_a_proxy_of_another_kind_is_refused_by_its_variable(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"socks5://user:{PASSWORD}@way:1")
    with pytest.raises(
        StudyError, match="HTTPS_PROXY or ALL_PROXY: names a proxy of socks5"
    ) as told:
        proxy(Host("toy", "toy", f"https://{AWAY}/v1"))
    assert PASSWORD not in str(told.value)
