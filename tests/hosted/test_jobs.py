"""Teaching by finetuning jobs: paid once, whatever is killed, lost or refused on the way."""

import json
import logging
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from stages.models.hosted.identity import Host
from stages.models.hosted.money import Tariff, Tokens, cost
from stages.models.hosted.teach.lesson import lesson_of
from stages.models.section import JobsParams
from stages.storage.errors import StudyError
from tests.hosted.standin import faults
from tests.hosted.standin.faults import Faults
from tests.hosted.standin.jobs import Jobs
from tests.hosted.standin.server import Handler, Reply, Request, Server
from tests.hosted.teaching import KEY, ROWS, ledger, teach, teach_in_a_process

SECRET = "sk-planted-7f3a"
FILES, JOBS = "/v1/files", "/v1/fine_tuning/jobs"
WRITES = (2, 5)  # the numbers of the requests that upload the file and create the job
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.hosted.teaching"])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(KEY, SECRET)
    return tmp_path / "cache"


@contextmanager
def serving(jobs: Jobs, fault: object = None) -> Iterator[Server]:
    with Server(jobs.routes, faults=fault, key=SECRET) as server:
        yield server


def posts(server: Server, path: str) -> int:
    """How many writes were asked for."""
    return sum((e.request.method, e.request.path) == ("POST", path) for e in server.log)


def settled() -> list[tuple[bool, Tokens]]:
    return [(total.open, total.tokens) for total in ledger().totals()]


def test_a_job_is_created_waited_for_and_its_model_is_the_result(caplog):
    jobs = Jobs()
    caplog.set_level(logging.INFO, logger="stages")
    with serving(jobs) as server:
        found = teach(server.url, epochs=2)
        assert teach(server.url, epochs=2) == found
        assert (posts(server, FILES), posts(server, JOBS)) == (1, 1)
    [file], [job] = jobs.files.values(), jobs.jobs.values()
    lines = [json.loads(line) for line in jobs.contents[file["id"]].decode().splitlines()]
    assert file["purpose"] == "fine-tune" and len(lines) == 10
    assert lines[0]["messages"] == [
        *ROWS[0]["question"],
        {"role": "assistant", "content": ROWS[0]["label"]},
    ]
    assert job["hyperparameters"] == {"n_epochs": 2, "batch_size": 4} and job["seed"] == 0
    assert (found.model, found.job) == (job["fine_tuned_model"], job["id"])
    assert found.trained_tokens == jobs.trained_tokens
    assert found.cost_usd == pytest.approx(25 * jobs.trained_tokens / 1e6)
    assert settled() == [(False, Tokens(trained=jobs.trained_tokens))]
    assert {"gpt: job ftjob-2: running", "gpt: step 1 is done"} <= set(caplog.messages)
    said = next(m for m in caplog.messages if m.startswith("gpt: a job on 10 rows, about"))
    assert said.endswith("(estimated)")


def test_other_rows_settings_or_hosts_are_jobs_of_their_own():
    jobs = Jobs()
    with serving(jobs) as server:
        names = [teach(server.url).job, teach(server.url, rows=ROWS[1:]).job]
        names += [
            teach(server.url, epochs=3).job,
            teach(server.url.replace("127.0.0.1", "localhost")).job,
        ]
    assert len(set(names)) == len(jobs.jobs) == 4


def test_the_older_shape_is_the_same_job_said_otherwise():
    jobs = Jobs(older_shape=True)
    with serving(jobs) as server:
        with pytest.raises(StudyError, match=r"method.*older_shape: true says it as older servers"):
            teach(server.url)
        assert settled() == []
        teach(server.url, older_shape=True)
        assert teach(server.url).job == "ftjob-2"
    assert len(jobs.files) == len(jobs.jobs) == 1


class Killing:
    """Kills the process at its n-th request, before the server has done it or right after."""

    def __init__(self, number: int, done: bool) -> None:
        self.number, self.done, self.process = number, done, None

    def __call__(self, request: Request, handler: Handler) -> tuple[Reply, str | None]:
        if request.number != self.number:
            return handler(request), None
        reply = handler(request) if self.done else Reply()
        os.kill(self.process.pid, signal.SIGKILL)
        return replace(reply, cut=-1), "killed"


@pytest.mark.parametrize(
    ("number", "done"),
    # A read changes nothing at the server: a kill before it is one after it.
    [*((number, False) for number in range(1, 10)), *((number, True) for number in WRITES)],
)
def test_a_run_killed_at_any_request_uploads_and_pays_once(number, done, cache):
    jobs, killing = Jobs(), Killing(number, done)
    with serving(jobs, killing) as server:
        killing.process = processes.Process(
            target=teach_in_a_process, args=(server.url, cache, SECRET)
        )
        killing.process.start()
        killing.process.join()
        assert killing.process.exitcode == -signal.SIGKILL
        found = teach(server.url)
    assert len(jobs.files) == len(jobs.jobs) == 1
    assert found.model == jobs.jobs[found.job]["fine_tuned_model"]
    assert settled() == [(False, Tokens(trained=jobs.trained_tokens))]


@pytest.mark.parametrize("path", [FILES, JOBS])
@pytest.mark.parametrize(
    "fault", [faults.cut(-1), faults.cut(9), faults.malformed()], ids=["unsent", "cut", "malformed"]
)
def test_a_write_whose_answer_is_lost_is_looked_for_and_not_done_twice(path, fault):
    jobs = Jobs()

    def lose(request: Request, handler: Handler) -> tuple[Reply, str | None]:
        lost = (request.method, request.path) == ("POST", path)
        return fault.reply(request, handler) if lost else handler(request), None

    with serving(jobs, lose) as server:
        found = teach(server.url)
        assert (posts(server, FILES), posts(server, JOBS)) == (1, 1)
    assert list(jobs.jobs) == [found.job]


def test_passing_errors_are_tried_again():
    numbers = {1: faults.broken(), 2: faults.too_many(0.001), 3: faults.broken(503)}
    for path in (FILES, JOBS):
        jobs = Jobs()
        with serving(jobs, Faults(numbers, path=path)) as server:
            teach(server.url, epochs=1 + (path == JOBS))
        assert len(jobs.files) == len(jobs.jobs) == 1


def test_a_job_is_found_by_its_file_where_the_server_keeps_no_metadata(cache):
    jobs = Jobs(keeps_metadata=False)
    with serving(jobs) as server:
        first = teach(server.url)
        (next((cache / "jobs").glob("*.json"))).unlink()
        assert teach(server.url).job == first.job
    assert len(jobs.files) == len(jobs.jobs) == 1 and jobs.jobs[first.job]["metadata"] is None


def test_a_lost_or_damaged_journal_pays_nothing_again(cache, caplog):
    jobs = Jobs()
    with serving(jobs) as server:
        first = teach(server.url)
        journal = next((cache / "jobs").glob("*.json"))
        journal.write_text("{", encoding="utf-8")
        assert teach(server.url).job == first.job
        assert "set aside as" in caplog.text
    assert len(jobs.files) == len(jobs.jobs) == 1


def test_where_jobs_cannot_be_listed_a_lost_creation_is_left_to_a_person(cache):
    jobs = Jobs(lists=False)

    def lose(request: Request, handler: Handler) -> tuple[Reply, str | None]:
        lost = (request.method, request.path) == ("POST", JOBS)
        return replace(handler(request), cut=-1 if lost else None), None

    with serving(jobs, lose) as server:
        for _ in range(2):
            with pytest.raises(StudyError, match="a job may have been created at") as told:
                teach(server.url)
        [journal] = (cache / "jobs").glob("*.json")
        assert str(journal) in str(told.value) and len(jobs.jobs) == 1
        state = json.loads(journal.read_text(encoding="utf-8"))
        state |= {"job": next(iter(jobs.jobs)), "step": "running"}
        journal.write_text(json.dumps(state), encoding="utf-8")
        assert teach(server.url).job == state["job"]


def test_a_closed_door_costs_nothing_and_says_what_else_there_is():
    closed = faults.refused(403, "Fine-tuning is no longer available to your organization.")
    for path in (FILES, JOBS):
        with serving(Jobs(), Faults({1: closed, 2: closed}, path=path)) as server:
            with pytest.raises(StudyError) as told:
                teach(server.url)
            assert posts(server, JOBS) <= 1
        line = str(told.value)
        assert line.startswith(f"models.gpt: {server.url}{path}: the door is closed (403: Fine-t")
        assert line.endswith("who still sells such jobs, and how to teach without one")
        assert "Nothing was paid" in line and settled() == []


def test_a_server_without_jobs_is_named_with_the_address_that_was_tried():
    with Server(key=SECRET) as server, pytest.raises(StudyError) as told:
        teach(server.url)
    assert f"{server.url}/v1/files: there are no finetuning jobs (404" in str(told.value)


def test_a_used_up_account_ends_the_run_and_the_next_run_goes_on():
    jobs = Jobs()
    with serving(jobs, Faults({2: faults.quota()}, path=JOBS)) as server:
        with pytest.raises(StudyError, match="the account is used up"):
            teach(server.url)
        assert settled() == [] and jobs.jobs == {}
        teach(server.url)
    assert len(jobs.files) == len(jobs.jobs) == 1


@pytest.mark.parametrize(
    ("end", "said", "paid"),
    [
        ("failed", r"failed: The file has \\u001b\[31m3 rows\.; the server tells of no", 0),
        ("cancelled", r"cancelled; \d+ tokens were trained, cost \$0\.00", 1),
    ],
)
def test_a_job_that_came_to_nothing_says_why_and_what_it_cost_and_is_followed(end, said, paid):
    jobs = Jobs(states=("queued", end))
    with serving(jobs) as server:
        with pytest.raises(StudyError, match=said):
            teach(server.url)
        assert settled() == [(False, Tokens(trained=jobs.trained_tokens))] * paid
        jobs.states = ("queued", "succeeded")
        assert teach(server.url).job == list(jobs.jobs)[1]
    assert len(jobs.files) == 1 and len(jobs.jobs) == 2
    assert settled() == [(False, Tokens(trained=jobs.trained_tokens))]


def test_a_job_that_would_pass_the_limit_is_never_sent():
    with serving(Jobs()) as server:
        with pytest.raises(StudyError, match=r"limits.max_cost_usd: \$0.0010 would be passed"):
            teach(server.url, limits={"max_cost_usd": 0.001})
        assert server.log == []
    free = {"gpt": {"input": 2.0, "output": 8.0}}
    with serving(Jobs()) as server, pytest.raises(StudyError, match="has no price of training"):
        teach(server.url, limits={"max_cost_usd": 1.0, "prices": free})


def test_tokens_that_the_server_does_not_count_are_estimated_and_cost_unknown():
    jobs = Jobs()
    jobs._end = lambda job: job.update(fine_tuned_model="ft:it", trained_tokens=None)
    with serving(jobs) as server:
        found = teach(server.url)
    assert (found.trained_tokens, found.cost_usd) == (None, None)
    [total] = ledger().totals()
    assert total.estimated == 1 and total.tokens.trained == lesson_of(ROWS, "gpt").tokens


def test_a_key_stands_in_no_file_line_or_error(cache, caplog):
    caplog.set_level(logging.DEBUG)
    echo = faults.refused(403, f"Incorrect API key provided: {SECRET}")
    with serving(Jobs(), Faults({4: echo}, path=JOBS)) as server:
        with pytest.raises(StudyError) as told:
            teach(server.url, epochs=5)
            teach(server.url)
        host = Host("gpt", "gpt-tiny", f"{server.url}/v1", KEY)
    kept = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    said = f"{told.value}{caplog.text}{host!r}{kept!r}"
    assert "gpt-tiny" in said and SECRET not in said


def test_what_a_job_teaches_otherwise_is_said(caplog):
    with pytest.raises(StudyError, match="no rows of slice train"):
        lesson_of(ROWS[10:], "gpt")
    assert lesson_of([ROWS[0] | {"weight": 0.5}, ROWS[1] | {"ended": False}], "gpt").rows == 2
    assert "1 rows have weights, which jobs do not know" in caplog.text
    assert "1 of 2 answers were cut" in caplog.text
    assert "as labels" not in caplog.text
    rehearsed = [row | {"distill": True, "rehearsed": True} for row in ROWS[:2]]
    assert lesson_of(rehearsed, "gpt").lines == lesson_of(ROWS[:2], "gpt").lines
    assert caplog.text.count("gpt: 2 of its own answers are rehearsed as labels: a server has") == 1


def test_an_estimate_counts_each_row_once_an_epoch():
    lesson = lesson_of(ROWS, "gpt")
    found = lesson.taught(3)
    assert found == Tokens(trained=3 * lesson.tokens)
    price = cost(found, Tariff("gpt"), ledger().limits)
    assert price == pytest.approx(25 * 3 * lesson.tokens / 1e6)


def test_epochs_are_those_of_all_models():
    told = {"teach": "openai_jobs", "hyperparameters": {"n_epochs": 3}}
    with pytest.raises(ValidationError, match=r"'n_epochs' is finetune\.epochs"):
        JobsParams.model_validate(told)
