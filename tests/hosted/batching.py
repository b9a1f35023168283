"""Asking the stand-in in batches as tests do, in this process or in one that is killed."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stages.models.hosted.ask.asking import ask
from stages.models.hosted.errands.door import Pace
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import Tariff
from stages.models.hosted.purse import Purse
from stages.models.questions import Answer, Decoding, Key, Question
from stages.storage.response_cache import ResponseCache
from tests.hosted.asked import DRAWN, hosted, questions
from tests.hosted.standin.batches import Batches
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.server import Server

PACE = Pace(first=0.001, longest=0.002, tries=4, poll=0.001)
PRICES = {"toy": {"input": 1.0, "output": 3.0, "batch": 0.5}}


@contextmanager
def serving(batches: Batches | None = None, fault: Any = None) -> Iterator[tuple[Server, Batches]]:
    """A stand-in with batches; `fault` is asked before each request."""
    batches = batches or Batches(Chat())
    with Server(batches.chat.routes, batches.routes, faults=fault) as server:
        yield server, batches


def model(server: Any, api_key_env: str | None = None, **limits: Any) -> Hosted:
    """The model `toy`, asked in batches and paid."""
    told = LimitsParams.model_validate({"prices": PRICES, **limits})
    purse = Purse(Ledger(told, "sample"), Tariff("toy"))
    return hosted(server, api_key_env=api_key_env, batch=True, purse=purse)


def answers(
    asked: Hosted, of: list[Question], folder: Path, decoding: Decoding = DRAWN
) -> dict[Key, Answer]:
    """What a model answers, with a cache in `folder`."""
    with ResponseCache(folder / "answers.sqlite") as cache:
        return ask(asked, of, decoding, cache, "toy", pace=PACE)


def ask_in_a_process(url: str, cache: Path, count: int) -> None:
    """For a process of its own, which the server kills."""
    logging.disable()
    os.environ["SELFPREDICT_CACHE"] = str(cache)
    answers(model(type("StandIn", (), {"url": url})), questions(count), cache)
