"""A key stands in no file, log, hash, error or repr; params that could leak one are refused."""

import asyncio
import logging
import traceback

import pytest
from pydantic import ValidationError

from stages.models.chat.hosted import HostedChat
from stages.models.hosted.ask.client import Client
from stages.models.hosted.errands.door import Door, Pace
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.identity import host_of
from stages.models.hosted.spec.section import HostedSpec
from stages.storage.errors import StudyError
from tests.hosted.asked import answers, hosted, questions, serving
from tests.hosted.standin.faults import Faults, refused

KEY = "sk-planted-0123456789"
SOUND = {"source": "openai:toy", "base_url": "https://example.org/v1"}


@pytest.fixture
def planted(monkeypatch):
    monkeypatch.setenv("TOY_KEY", KEY)


def test_the_key_is_sent_and_stands_nowhere_else(planted, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="openai")
    echo = refused(400, f"bad request with the key {KEY} and\nthe headers")
    with serving(key=KEY, faults=Faults({2: echo})) as (server, _):
        model = hosted(server, api_key_env="TOY_KEY")
        found = answers(model, questions(3), tmp_path)
        server.faults = Faults(share=1, kinds=(refused(401, f"wrong key {KEY}"),))
        with pytest.raises(StudyError) as told:
            answers(model, questions(6), tmp_path)
    shown = "".join(traceback.format_exception(told.value))
    chain = [told.value, told.value.__cause__, told.value.__context__]
    files = [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    out = "".join(capfd.readouterr())
    for text in (shown, *map(repr, chain), *files, out, repr(model), caplog.text, str(found)):
        assert KEY not in text
    assert "***" in str(told.value) and "***" in caplog.text and files


async def _repr(host) -> str:
    async with Client(host, 1.0) as client:
        return f"{client!r}{client}{client._session!r}{client._session}"


def _door(host) -> str:
    with Door(host, Pace()) as door:
        return f"{door!r}{door}{door.client!r}{door.client}"


def test_the_reprs_of_the_clients_do_not_show_it(planted):
    spec = HostedSpec.model_validate({**SOUND, "api_key_env": "TOY_KEY", "api_version": "v1"})
    host = host_of("toy", spec, HostedChat.model_validate({"extra_headers": {"X-Key": "TOY_KEY"}}))
    assert host.headers() == {"api-key": KEY, "X-Key": KEY}
    assert KEY not in asyncio.run(_repr(host)) + _door(host) + repr(host) + repr(Hosted(host))


def test_a_key_that_is_not_there_is_named_by_its_variable(monkeypatch, tmp_path):
    monkeypatch.delenv("TOY_KEY", raising=False)
    with serving() as (server, _):
        with pytest.raises(StudyError, match="the environment has no TOY_KEY"):
            answers(hosted(server, api_key_env="TOY_KEY"), questions(1), tmp_path)
        assert not server.log


def test_without_a_variable_a_dummy_is_sent_and_not_the_key_of_another_host(monkeypatch, tmp_path):
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, KEY)
    with serving() as (server, _):
        answers(hosted(server), questions(1), tmp_path)
        sent = server.log[0].request.headers
    assert sent["authorization"] == "Bearer no-key" and KEY not in str(sent)


def test_azure_has_its_version_in_the_address_and_its_key_in_a_header(planted, tmp_path):
    with serving() as (server, _):
        model = hosted(server, api_key_env="TOY_KEY", api_version="2026-01-01")
        answers(model, questions(1), tmp_path)
        request = server.log[0].request
    assert request.query == {"api-version": "2026-01-01"} and request.headers["api-key"] == KEY


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": "openai:"}, "names no hosted model"),
        ({"base_url": "ftp://x"}, "no http:// or https://"),
        ({"base_url": "http://example.org/v1"}, "allow_http: true"),
        ({"base_url": f"https://user:{KEY}@example.org/v1"}, "without user"),
        ({"base_url": f"https://example.org/v1?key={KEY}"}, "without user"),
        ({"api_key_env": KEY}, "no name of an environment variable"),
    ],
)
def test_params_that_are_unsafe_are_refused(change, said):
    with pytest.raises(ValidationError, match=said):
        HostedSpec.model_validate({**SOUND, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"extra_body": {"model": "another"}},
        {"extra_headers": {"Authorization": "TOY_KEY"}},
        {"extra_headers": {"X-Key": KEY}},
        {"extra_headers": {"no name": "TOY_KEY"}},
        {"thinking_tokens": -1},
    ],
)
def test_what_is_sent_beside_a_question_leaves_the_studys_own_words_alone(change):
    with pytest.raises(ValidationError):
        HostedChat.model_validate(change)


def test_http_to_this_machine_needs_no_word():
    for base_url in ("http://127.0.0.1:8000/v1/", "http://localhost/v1", "http://[::1]:1/v1"):
        spec = HostedSpec.model_validate({**SOUND, "base_url": base_url})
        assert spec.base_url == base_url.rstrip("/")
