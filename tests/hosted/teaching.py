"""A teaching by jobs as tests run it, in this process or in one that is killed."""

import logging
import os
from pathlib import Path
from typing import Any

from stages.models.hosted.errands.door import Pace
from stages.models.hosted.identity import Host
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.teach.jobs import taught
from stages.models.hosted.teach.lesson import lesson_of
from stages.models.hosted.teach.outcome import Taught
from stages.models.hosted.teach.section import JobSettings

PACE = Pace(first=0.001, longest=0.002, tries=4, poll=0.001)
KEY = "TEACHING_KEY"
ROWS = [
    {
        "input_id": f"{number:016x}",
        "task": "animals",
        "property": "first_word",
        "question": [{"role": "user", "content": f"What would you say first to {number}?"}],
        "label": f"word{number}",
        "weight": 1.0,
        "slice": "train" if number < 10 else "held_back",
    }
    for number in range(12)
]
PRICES = {"gpt": {"input": 2.0, "output": 8.0, "training": 25.0}}


def ledger(**limits: Any) -> Ledger:
    return Ledger(LimitsParams.model_validate({"prices": PRICES, **limits}), "train_self")


def teach(
    url: str,
    *,
    rows: list[dict[str, Any]] = ROWS,
    limits: dict[str, Any] | None = None,
    epochs: int = 1,
    **told: Any,
) -> Taught:
    """What a model called gpt-tiny becomes at the server of `url`."""
    host = Host("gpt", "gpt-tiny", f"{url}/v1", KEY)
    settings = JobSettings(epochs=epochs, seed=0, hyperparameters={"batch_size": 4}, **told)
    return taught(host, lesson_of(rows, "gpt"), settings, ledger(**limits or {}), PACE)


def teach_in_a_process(url: str, cache: Path, key: str) -> None:
    """For a process of its own, which the server kills."""
    logging.disable()
    os.environ |= {"SELFPREDICT_CACHE": str(cache), KEY: key}
    teach(url)
