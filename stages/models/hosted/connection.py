"""What a client of the openai package is told of a server, whichever way it sends.

The package's own retries are off: a request that is sent twice may be paid for twice. Proxies and
certificates are the environment's: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE,
SSL_CERT_DIR.
"""

import os
import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
from openai import omit

from stages.models.hosted.identity import Host
from stages.models.hosted.spec.section import is_loopback
from stages.storage.errors import StudyError

CONNECTING = 30.0  # seconds
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # the first that is set counts


def client_options(host: Host, timeout: float) -> dict[str, Any]:
    """What the client is told; its key is read from the environment now."""
    own = urlsplit(host.base_url).hostname == "api.openai.com"
    # What the environment says of OpenAI's organization is nobody else's.
    others = () if own else ("OpenAI-Organization", "OpenAI-Project")
    return {
        "api_key": host.key(),
        "base_url": host.base_url,
        "max_retries": 0,
        "timeout": _every(timeout),
        "default_headers": {**dict.fromkeys(others, omit), **host.headers()},
        "default_query": {"api-version": host.api_version} if host.api_version else None,
    }


def transport_options(host: Host, timeout: float) -> dict[str, Any]:
    """What the client's transport is told. Raises StudyError."""
    return {
        "timeout": _every(timeout),
        "verify": trusted(host),
        "follow_redirects": False,  # a key goes to no other host
        "trust_env": False,
        "proxy": proxy(host),
    }


def proxy(host: Host) -> str | None:
    """The address of the proxy that leads to a server; None: it is reached without one.

    This machine is reached without a proxy, whatever the environment says. Raises StudyError
    where the proxy is none of HTTP.
    """
    split, told = urlsplit(host.base_url), getproxies()
    found = told.get(split.scheme) or told.get("all")
    if not found or is_loopback(host.base_url) or proxy_bypass(split.netloc.rpartition("@")[2]):
        return None
    address = found if "://" in found else f"http://{found}"
    kind = urlsplit(address).scheme
    if kind not in ("http", "https"):
        name = f"{split.scheme.upper()}_PROXY or ALL_PROXY"
        raise StudyError(f"{name}: names a proxy of {kind}; allowed: http and https")
    return address


def trusted(host: Host) -> ssl.SSLContext | bool:
    """By which certificates a server is known; False where none is asked for its own.

    Raises StudyError where the environment names certificates that cannot be read.
    """
    if host.base_url.startswith("http:") and proxy(host) is None:
        return False
    try:
        return httpx2.create_ssl_context()
    except OSError as error:
        name = next((name for name in CERTIFICATES if os.environ.get(name)), CERTIFICATES[0])
        raise StudyError(
            f"{name}: {os.environ.get(name)!r} cannot be read as certificates "
            f"({error.strerror or error})"
        ) from error


def _every(timeout: float) -> httpx2.Timeout:
    return httpx2.Timeout(timeout, connect=min(timeout, CONNECTING), pool=None)
