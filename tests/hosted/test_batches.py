"""Batches: created once, taken whatever happens, paid by half; the answers are those of live."""

import json
import logging
import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from stages.models.hosted import statement
from stages.models.hosted.ask.batch import batching
from stages.models.hosted.money import Tokens
from stages.storage.errors import StudyError
from tests.hosted import asked
from tests.hosted.asked import GREEDY, hosted, questions
from tests.hosted.batching import answers, ask_in_a_process, model, serving
from tests.hosted.standin import faults
from tests.hosted.standin.batches import Batches
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.faults import Faults
from tests.hosted.test_jobs import Killing, processes

COUNT = 6
FILES, BATCHES = "/v1/files", "/v1/batches"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """What the same questions are answered one by one."""
    with serving() as (server, _):
        return said(
            asked.answers(
                hosted(server), questions(COUNT), tmp_path_factory.mktemp("live"), asked.DRAWN
            )
        )


def said(found):
    """Answers without what they cost."""
    return {key: replace(one, meter=None) for key, one in found.items()}


def posts(server, path):
    return sum((e.request.method, e.request.path) == ("POST", path) for e in server.log)


def bill(of):
    """What the account says: paid tokens, and how many requests are open."""
    totals = of.purse.ledger.totals()
    paid = sum((t.tokens for t in totals if not t.open), Tokens())
    return paid, sum(t.requests for t in totals if t.open)


def taken(chat):
    """The server's own bill."""
    return Tokens(prompt=chat.tokens["prompt"], answer=chat.tokens["answer"])


def test_one_batch_answers_what_live_answers_and_nothing_is_asked_twice(live, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="stages")
    with serving() as (server, batches):
        asking = model(server)
        found = answers(asking, questions(COUNT), tmp_path)
        assert said(found) == live
        assert answers(model(server), questions(COUNT), tmp_path) == found
        assert (posts(server, FILES), posts(server, BATCHES)) == (1, 1)
        assert said(asked.answers(hosted(server), questions(COUNT), tmp_path, asked.DRAWN)) == live
        assert posts(server, "/v1/chat/completions") == 0
    [batch] = batches.batches.values()
    assert batch["endpoint"] == "/v1/chat/completions" and batch["completion_window"] == "24h"
    assert f"toy: batch {batch['id']}: completed, 6 of 6 answered, 0 failed" in caplog.messages
    assert bill(asking) == (taken(batches.chat), 0)


def test_what_came_by_batch_costs_its_part_of_the_price_whoever_reads_it(tmp_path):
    with serving() as (server, _):
        found = answers(model(server), questions(COUNT), tmp_path)
        by_one = model(server)
        by_one.batch = False
        more = asked.answers(by_one, questions(COUNT + 1), tmp_path, asked.DRAWN)
    assert {key: more[key].meter for key in found} == {k: one.meter for k, one in found.items()}
    new = more["i6", 0].meter
    assert new.cost_usd == pytest.approx((new.prompt_tokens + 3 * new.answer_tokens) / 1e6)
    cost = sum(one.meter.cost_usd for one in found.values())
    whole = sum(m.meter.prompt_tokens + 3 * m.meter.answer_tokens for m in found.values())
    assert cost == pytest.approx(whole / 2e6)


def test_samples_of_a_prompt_are_one_line(tmp_path):
    with serving() as (server, batches):
        found = answers(model(server), questions(2, samples=3), tmp_path)
        one_by_one = asked.answers(
            hosted(server), questions(2, samples=3), tmp_path / "live", asked.DRAWN
        )
    assert said(found) == said(one_by_one)
    [batch] = batches.batches.values()
    assert batch["request_counts"] == {"total": 2, "completed": 2, "failed": 0}


def no_json(lines):
    return [*lines[1:], '{"custom_id": "']


def error_line(status, message, **more):
    told = {"error": {"message": message, "code": None, **more}}
    return lambda lines: [
        lines[0] | {"response": {"status_code": status, "body": told}},
        *lines[1:],
    ]


def changed(**change):
    def spoil(lines):
        first = json.loads(json.dumps(lines[0]))
        first["response"]["body"] |= change
        return [first, *lines[1:]]

    return spoil


def filtered(lines):
    first = json.loads(json.dumps(lines[0]))
    first["response"]["body"]["choices"][0] |= {"finish_reason": "content_filter"}
    return [first, *lines[1:]]


def another(lines):
    second = json.loads(json.dumps(lines[0]))
    second["response"]["body"]["choices"][0]["message"]["content"] = "another"
    return [second, *lines]


SPOILS = {
    "a missing line": lambda lines: lines[1:],
    "two lines that differ": another,
    "a line that is no JSON": no_json,
    "a line with 500": error_line(500, "The server had an error"),
    "a line with 429": error_line(429, "Rate limit reached"),
    "a line with an error alone": lambda lines: [
        {"custom_id": lines[0]["custom_id"], "response": None, "error": {"message": "lost"}},
        *lines[1:],
    ],
    "null choices": changed(choices=None),
    "a filter": filtered,
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_request_that_was_answered_badly_is_in_the_next_batch_alone(name, live, tmp_path):
    with serving(Batches(Chat(), spoils={1: SPOILS[name]})) as (server, batches):
        assert said(answers(model(server), questions(COUNT), tmp_path)) == live
    counts = [batch["request_counts"]["total"] for batch in batches.batches.values()]
    assert counts == [COUNT, 1]


def test_lines_that_came_twice_alike_are_one_answer_and_strange_ones_are_none(live, tmp_path):
    def spoil(lines):
        return [{"custom_id": "x", "response": None}, *lines, lines[0], 7]

    with serving(Batches(Chat(), spoils={1: spoil})) as (server, batches):
        assert said(answers(model(server), questions(COUNT), tmp_path)) == live
    assert len(batches.batches) == 1


def test_what_goes_on_failing_is_an_error_that_is_named_and_asked_again(live, tmp_path, caplog):
    rounds = range(1, batching.ROUNDS + 1)
    with serving(Batches(Chat(), spoils=dict.fromkeys(rounds, lambda _: []))) as (server, batches):
        asking = model(server)
        for _ in range(2):  # what is told before a stage is not asked again in it
            found = answers(asking, questions(2), tmp_path)
            assert {one.finish_reason for one in found.values()} == {"error"}
        assert len(batches.batches) == batching.ROUNDS
        assert "2 of 2 questions have no answer: i0 0 (its line is missing)" in caplog.text
        assert said(answers(model(server), questions(COUNT), tmp_path)) == live
    assert len(batches.batches) == batching.ROUNDS + 1


def test_a_request_that_cannot_be_answered_fails_at_once(tmp_path):
    long = error_line(400, "This model's maximum context length is 8192 tokens")
    with serving(Batches(Chat(), spoils={1: long})) as (server, batches):
        found = answers(model(server), questions(2), tmp_path)
    assert sorted(one.finish_reason for one in found.values())[0] == "error"
    assert len(batches.batches) == 1


def test_what_the_server_cannot_is_left_out_of_the_next_batch(tmp_path):
    with serving(Batches(Chat(refuses=frozenset({"logprobs"})))) as (server, batches):
        found = answers(model(server), questions(COUNT), tmp_path)
    assert all(one.text and one.logprob is None for one in found.values())
    assert len(batches.batches) == 2


def test_an_expired_batch_keeps_what_it_has_and_the_rest_is_in_another(live, tmp_path):
    with serving(Batches(Chat(), ends={1: "expired"})) as (server, batches):
        asking = model(server)
        assert said(answers(asking, questions(COUNT), tmp_path)) == live
        assert bill(asking) == (taken(batches.chat), 0)
    counts = [batch["request_counts"]["total"] for batch in batches.batches.values()]
    assert counts == [COUNT, COUNT // 2]
    expired = pytest.raises(StudyError, match=r"expired without an answer, cost \$0\.0000\. The")
    with serving(Batches(Chat(), ends={1: "expired"})) as (server, _), expired:
        answers(model(server), questions(1), tmp_path / "one")


@pytest.mark.parametrize(
    ("end", "line"),
    [
        ("failed", r"batch-2 at .* failed: Line 1 is no\\u001b\[31m JSON\.; nothing was paid"),
        ("cancelled", r"batch-2 at .* was cancelled; 3 answers are kept, cost \$0\.00"),
    ],
)
def test_a_batch_that_came_to_nothing_says_why_and_what_it_cost_and_is_followed(
    end, line, live, tmp_path
):
    with serving(Batches(Chat(), ends={1: end})) as (server, batches):
        asking = model(server)
        with pytest.raises(StudyError, match=line):
            answers(asking, questions(COUNT), tmp_path)
        assert bill(asking) == (taken(batches.chat), 0)
        assert said(answers(model(server), questions(COUNT), tmp_path)) == live
    assert len(batches.batches) == 2


def test_a_batch_that_is_too_large_for_now_becomes_smaller_ones(live, tmp_path):
    with serving(Batches(Chat(), most=3)) as (server, batches):
        assert said(answers(model(server), questions(COUNT), tmp_path)) == live
    counts = [batch["request_counts"]["total"] for batch in batches.batches.values()]
    assert counts == [COUNT, 3, 3]


@pytest.mark.parametrize(
    ("number", "done"),
    [(2, True), (4, True), (5, False), (5, True), (8, True)],
    ids=["uploaded", "listed", "before it is created", "created", "at work"],
)
def test_a_run_killed_at_any_request_creates_one_batch(number, done, live, cache):
    killing = Killing(number, done)
    with serving(fault=killing) as (server, batches):
        killing.process = processes.Process(
            target=ask_in_a_process, args=(server.url, cache, COUNT)
        )
        killing.process.start()
        killing.process.join()
        assert killing.process.exitcode == -signal.SIGKILL
        asking = model(server)
        assert said(answers(asking, questions(COUNT), cache)) == live
        assert bill(asking) == (taken(batches.chat), 0)
    assert len(batches.batches) == 1 and len(batches.chat.answered) == COUNT


@pytest.mark.parametrize("path", [FILES, BATCHES])
def test_a_write_whose_answer_is_lost_is_looked_for_and_not_done_twice(path, live, tmp_path):
    def lose(request, handler):
        lost = (request.method, request.path) == ("POST", path)
        return replace(handler(request), cut=-1 if lost else None), None

    with serving(fault=lose) as (server, _):
        assert said(answers(model(server), questions(COUNT), tmp_path)) == live
        assert (posts(server, FILES), posts(server, BATCHES)) == (1, 1)


def test_a_batch_is_found_where_the_journal_is_lost(live, cache, tmp_path):
    for keeps_metadata in (True, False):
        with serving(Batches(Chat(), keeps_metadata=keeps_metadata)) as (server, batches):
            for number in range(2):
                found = answers(
                    model(server), questions(COUNT), tmp_path / f"{server.port}{number}"
                )
                assert said(found) == live
                [journal] = (cache / "batches").rglob("*.json")
                journal.unlink()
        assert len(batches.batches) == 1


def test_where_batches_cannot_be_listed_a_lost_creation_is_left_to_a_person(live, cache):
    def lose(request, handler):
        lost = (request.method, request.path) == ("POST", BATCHES)
        return replace(handler(request), cut=-1 if lost else None), None

    with serving(Batches(Chat(), lists=False), lose) as (server, batches):
        with pytest.raises(StudyError, match="a batch may have been created at") as told:
            answers(model(server), questions(COUNT), cache)
        [journal] = (cache / "batches").rglob("*.json")
        assert str(journal) in str(told.value)
        state = json.loads(journal.read_text(encoding="utf-8"))
        state |= {"batch": next(iter(batches.batches)), "step": "running"}
        journal.write_text(json.dumps(state), encoding="utf-8")
        assert said(answers(model(server), questions(COUNT), cache)) == live
    assert len(batches.batches) == 1


@pytest.fixture
def terminal() -> Iterator[None]:
    """SIGINT as a terminal's command has it, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_batch_at_work_is_waited_for_by_whoever_lacks_some_of_its_answers(
    live, cache, caplog, terminal
):
    def stop(request, handler):
        if request.path.startswith(f"{BATCHES}/"):
            signal.raise_signal(signal.SIGINT)
        return handler(request), None

    few, more = questions(COUNT)[:2], questions(COUNT + 1)
    with serving(fault=stop) as (server, batches):
        with pytest.raises(KeyboardInterrupt):
            answers(model(server), questions(COUNT), cache)
        assert "batch batch-2 goes on at" in caplog.text
        server.faults = None
        [line] = statement.batches()
        assert line.endswith(f": toy at {server.url[7:]}/v1: running, batch batch-2, 6 requests")
        with pytest.raises(StudyError, match=r"batch-2 at .* has some of these answers: samp"):
            asked.answers(hosted(server), few, cache, asked.DRAWN)
        found = answers(model(server), few, cache)
        assert said(found).items() <= live.items()
        assert said(answers(model(server), more, cache)).items() >= live.items()
    counts = [batch["request_counts"]["total"] for batch in batches.batches.values()]
    assert counts == [COUNT, 1] and not list(statement.batches())


def test_passing_errors_are_tried_again(live, tmp_path):
    for number, path in enumerate((FILES, BATCHES)):
        planned = Faults({1: faults.broken(), 2: faults.too_many(0.001)}, path=path)
        with serving(fault=planned) as (server, batches):
            assert said(answers(model(server), questions(COUNT), tmp_path / f"{number}")) == live
        assert len(batches.batches) == 1


def test_a_server_without_batches_is_named_and_nothing_is_paid(tmp_path):
    with serving() as (server, _):
        server.routes = [route for route in server.routes if "batches" not in route[1].pattern]
        asking = model(server)
        with pytest.raises(StudyError) as told:
            answers(asking, questions(1), tmp_path)
    assert str(told.value) == (
        f"models.toy: {server.url}{BATCHES}: there are no batches (404: Not Found); nothing was "
        "paid. sampling.mode: live asks this server without batches"
    )
    assert bill(asking) == (Tokens(), 0)


def test_a_batch_that_could_pass_the_limit_is_never_sent(tmp_path):
    with serving() as (server, _):
        with pytest.raises(StudyError, match=r"limits\.max_tokens: 100 tokens would be passed"):
            answers(model(server, max_tokens=100), questions(COUNT), tmp_path)
        assert server.log == []


def test_a_used_up_account_ends_the_run_and_the_next_run_goes_on(live, tmp_path):
    quota = error_line(429, "You exceeded your current quota")
    with serving(Batches(Chat(), spoils={1: quota})) as (server, batches):
        with pytest.raises(StudyError, match=r"the account is used up \(429: .*5 answers are kept"):
            answers(model(server), questions(COUNT), tmp_path)
        assert said(answers(model(server), questions(COUNT), tmp_path)) == live
    assert [b["request_counts"]["total"] for b in batches.batches.values()] == [COUNT, 1]


def test_greedy_answers_need_no_seed(tmp_path):
    with serving() as (server, batches):
        answers(model(server), questions(1), tmp_path, GREEDY)
    [file] = [f for f in batches.files.values() if f["purpose"] == "batch"]
    line = json.loads(batches.contents[file["id"]])
    assert "seed" not in line["body"] and os.environ["SELFPREDICT_CACHE"] not in str(line)


def test_a_key_stands_in_no_file_or_line(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("TOY_KEY", "sk-planted-77")
    echo = faults.refused(400, "Incorrect API key provided: sk-planted-77")
    with serving(fault=Faults({2: echo}, path=BATCHES)) as (server, _):
        server.key, asking = "sk-planted-77", model(server, "TOY_KEY")
        with pytest.raises(StudyError, match=r"the batch is refused .*\*\*\*") as told:
            answers(asking, questions(1), tmp_path)
        answers(asking, questions(1), tmp_path)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert kept and "sk-planted-77" not in f"{told.value}{caplog.text}{asking!r}{kept!r}"
