"""Each fault of a server: tried again within limits, then an error that is named, never a guess."""

import logging

import pytest

from stages.models.hosted.ask import sending, trying
from stages.storage.errors import StudyError
from tests.hosted.asked import DRAWN, answers, hosted, question, questions, serving
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.faults import (
    Faults,
    broken,
    choices,
    cut,
    filtered,
    html,
    malformed,
    quota,
    refused,
    slow,
    too_few,
    too_many,
)

PASSING = {
    "429": too_many(),
    "429 with Retry-After": too_many(retry_after=0.01),
    "429 with a date": too_many("Wed, 01 Jan 2025 00:00:00 GMT"),
    "500": broken(500),
    "503 with Retry-After": broken(503, retry_after=0.01),
    "a page with 200": html(),
    "half of the JSON": malformed(),
    "null choices": choices(None),
    "empty choices": choices([]),
    "choices that are none": choices([None, {"message": {"content": 7}}]),
    "a filter": filtered(),
    "a connection cut in the answer": cut(),
    "a connection cut before it": cut(-1),
    "an answer that is late": slow(5),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """What a server without faults answers."""
    with serving() as (server, _):
        return answers(hosted(server), questions(3), tmp_path_factory.mktemp("sound"))


@pytest.mark.parametrize("name", PASSING)
def test_after_a_fault_that_passes_the_answers_are_the_same(name, sound, tmp_path):
    with serving(None, PASSING[name], PASSING[name]) as (server, _):
        model = hosted(server, timeout=1 if PASSING[name].name == "slow" else 60)
        assert answers(model, questions(3), tmp_path) == sound


@pytest.mark.parametrize("fault", [broken(500), malformed(), choices([])], ids=lambda f: f.name)
def test_what_goes_on_failing_is_an_error_that_is_named_and_asked_again(fault, tmp_path, caplog):
    many = trying.TRIES
    with serving(None, *[fault] * many) as (server, _):
        found = answers(hosted(server), questions(2), tmp_path)
        assert [one.finish_reason for one in found.values()].count("error") == 1
        assert found["i0", 0].text == "" and "i0 0" in caplog.text and "1 of 2" in caplog.text
        assert len(server.log) == many + 1
        again = answers(hosted(server), questions(2), tmp_path)
        assert len(server.log) == many + 2 and again["i0", 0].finish_reason != "error"


def test_what_a_filter_stops_again_and_again_is_kept_as_that(tmp_path):
    with serving(None, *[filtered()] * trying.FILTERED_TRIES) as (server, _):
        for _ in range(2):
            found = answers(hosted(server), [question(0)], tmp_path)
            assert found["i0", 0].finish_reason == "content_filter"
        assert len(server.log) == trying.FILTERED_TRIES


def test_of_too_few_choices_only_those_that_lack_are_asked_for(sound, tmp_path):
    asked = questions(1, samples=4)
    with serving() as (server, _):
        whole = answers(hosted(server), asked, tmp_path / "whole", DRAWN)
    with serving(None, too_few()) as (server, _):
        found = answers(hosted(server), asked, tmp_path / "few", DRAWN)
        assert [entry.request.json.get("n") for entry in server.log] == [4, None]
    assert {key: one.text for key, one in found.items()} == {k: a.text for k, a in whole.items()}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (quota(), "used up"),
        (refused(402, "Insufficient credits"), "used up"),
        (refused(401, "Incorrect API key provided"), "models.X.api_key_env"),
        (refused(403, "Country not supported"), "key is refused"),
        (refused(404, "Not Found"), "mostly ends in /v1"),
        (too_many(retry_after=90_000), "90,000 s"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.name,
)
def test_what_no_request_can_pass_ends_the_run_after_one(fault, said, tmp_path):
    with serving(faults=Faults(share=1, kinds=(fault,))) as (server, _):
        with pytest.raises(StudyError, match=said) as told:
            answers(hosted(server), questions(30), tmp_path)
        assert len(server.log) == 1 and "\n" not in str(told.value)


def test_a_wrong_path_is_named_with_the_address_that_was_tried(tmp_path):
    with serving() as (server, _):
        model = hosted(server)
        object.__setattr__(model.host, "base_url", server.url)
        with pytest.raises(StudyError, match=f"nothing at {server.url}/chat/completions"):
            answers(model, questions(2), tmp_path)


def test_a_server_that_is_not_there_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(trying, "TRIES", 3)
    with serving() as (server, _):
        model = hosted(server)
    with pytest.raises(StudyError, match="does not answer"):
        answers(model, questions(2), tmp_path)


def test_a_server_that_fails_all_ends_the_run_and_what_is_on_its_way_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(trying, "TRIES", 1)
    faults = Faults({n: broken(500) for n in range(11, 500)})
    with serving(faults=faults) as (server, chat):
        with pytest.raises(StudyError, match=f"{sending.IN_A_ROW} requests in a row"):
            answers(hosted(server), questions(200), tmp_path)
        assert len(chat.answered) == 10 and len(server.log) < 200
        server.faults = None
        answers(hosted(server), questions(200), tmp_path)
        assert len(chat.answered) == len(set(chat.answered)) == 200


def test_with_a_share_of_failures_no_answer_is_paid_for_twice_but_the_lost_ones(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    kinds = (too_many(), broken(503), html(), malformed(), choices(None), cut(), cut(-1))
    with serving() as (server, _):
        sound = answers(hosted(server), questions(40, samples=2), tmp_path / "sound", DRAWN)
    with serving(faults=Faults(share=0.2, kinds=kinds)) as (server, chat):
        found = answers(hosted(server), questions(40, samples=2), tmp_path / "found", DRAWN)
        lost = [e for e in server.log if e.fault in ("malformed", "choices", "cut")]
        assert len(chat.answered) == 40 + len(lost) and len(set(chat.answered)) == 40
        asked = len(server.log)
        answers(hosted(server), questions(40, samples=2), tmp_path / "found", DRAWN)
        assert len(server.log) == asked
    assert found == sound and f"{asked - 40} requests were sent again" in caplog.text


def test_a_server_that_sends_to_another_address_is_not_followed(tmp_path):
    moved = refused(308, "moved", headers={"location": "http://127.0.0.1:9/v1"})
    with serving(None, moved) as (server, _), pytest.raises(StudyError, match="has moved"):
        answers(hosted(server), [question(0)], tmp_path)


def test_more_than_one_window_of_requests_is_answered(tmp_path, monkeypatch):
    monkeypatch.setattr(sending, "WINDOW", 7)
    with serving(Chat()) as (server, _):
        assert len(answers(hosted(server), questions(40), tmp_path)) == 40
