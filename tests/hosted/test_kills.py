"""A run that is killed loses what is in flight and nothing else, and its bill is known."""

import logging
import multiprocessing
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limiter import Limiter
from stages.models.hosted.limits import Total
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import Tariff, Tokens, most_tokens
from stages.models.hosted.purse import Purse
from stages.models.questions import Answer, Key
from tests.hosted.asked import AT_ONCE, DRAWN, answers, hosted, questions, serving
from tests.hosted.standin.chat import Chat, digest
from tests.hosted.standin.faults import (
    Fault,
    Faults,
    broken,
    choices,
    cut,
    filtered,
    html,
    malformed,
    slow,
    too_few,
    too_many,
)
from tests.hosted.standin.server import Handler, Reply, Request

ASKED, KILLED = questions(80), (12, 27, 42, 57, 72)  # by the number of a request
FREE = (too_many(), too_many(retry_after=0.01), broken(500), broken(503, 0.01))
PAID = (malformed(), choices(None), choices([]), too_few(), filtered(), cut(), cut(-1))
LATE = slow(0.02)
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.hosted.test_kills"])


def ask(url: str, folder: Path, places: int) -> dict[Key, Answer]:
    """What is asked, in `folder`, whose account is also there."""
    os.environ["SELFPREDICT_CACHE"] = str(folder)
    stand_in = type("StandIn", (), {"url": url})
    model = hosted(stand_in, purse=Purse(account(folder), Tariff("toy")))
    model.limiter = Limiter(places, places, AT_ONCE)
    return answers(model, ASKED, folder, DRAWN)


def ask_in_a_process(url: str, folder: Path, places: int) -> None:
    logging.disable()
    ask(url, folder, places)


def account(folder: Path) -> Ledger:
    return Ledger(LimitsParams.model_validate({"max_tokens": 100_000}), "predict", folder)


class Troubled:
    """A share of requests fails, and at some the process that asks is killed."""

    def __init__(self, *kinds: Fault) -> None:
        self.faults, self.process = Faults(share=0.2, kinds=kinds), None

    def __call__(self, request: Request, handler: Handler) -> tuple[Reply, str | None]:
        if request.number not in KILLED:
            return self.faults(request, handler)
        os.kill(self.process.pid, signal.SIGKILL)
        return Reply(cut=-1), "killed"


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> dict[Key, Answer]:
    """What a server without faults answers to a process that nobody kills."""
    with pytest.MonkeyPatch.context() as patch, serving() as (server, _):
        patch.setenv("SELFPREDICT_CACHE", "")
        return ask(server.url, tmp_path_factory.mktemp("sound"), 8)


@pytest.fixture
def troubled(tmp_path, monkeypatch):
    """Asks until nobody kills the process: the answers, the server's log and bill, the account."""
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path))

    def run(*kinds: Fault, places: int):
        trouble = Troubled(*kinds)
        with serving(faults=trouble) as (server, chat):
            for _ in KILLED:
                trouble.process = processes.Process(
                    target=ask_in_a_process, args=(server.url, tmp_path, places)
                )
                trouble.process.start()
                trouble.process.join()
                assert trouble.process.exitcode == -signal.SIGKILL
            found = ask(server.url, tmp_path, places)
            return found, server.log, chat, account(tmp_path).totals()

    return run


def bill(chat: Chat) -> Tokens:
    """What the server says that it made."""
    return Tokens(prompt=chat.tokens["prompt"], answer=chat.tokens["answer"])


def whole(totals: list[Total], *, open: bool) -> Tokens:
    return sum((total.tokens for total in totals if total.open is open), Tokens())


def test_with_faults_and_five_kills_the_answers_are_the_same_and_the_bill_is_known(sound, troubled):
    places = 8
    found, log, chat, totals = troubled(*FREE, html(), *PAID, LATE, places=places)
    assert found == sound
    failing = {fault.name for fault in PAID}
    lost = Counter(digest(one.request.json) for one in log if one.fault in failing)
    twice = Counter(chat.answered) - lost - Counter(dict.fromkeys(chat.answered, 1))
    assert len(set(chat.answered)) == len(ASKED) and sum(lost.values()) > 3
    assert sum(twice.values()) <= places * len(KILLED)
    made = bill(chat)
    told = whole(totals, open=False) + whole(totals, open=True)
    assert made.prompt <= told.prompt and made.answer <= told.answer
    most = most_tokens(ASKED[-1].messages) + DRAWN.max_tokens
    guessed = sum(one.fault in failing | {"html"} for one in log)
    assert told.total - made.total <= most * (guessed + places * len(KILLED))
    assert sum(total.requests for total in totals if total.open) <= places * len(KILLED)


def test_where_nothing_else_was_in_flight_the_bill_is_that_of_the_server(sound, troubled):
    found, _, chat, totals = troubled(*FREE, choices(None), LATE, places=1)
    assert found == sound
    assert whole(totals, open=False) == bill(chat)
    assert [total.requests for total in totals if total.open] == [len(KILLED)]
    assert sum(total.estimated for total in totals) == 0
