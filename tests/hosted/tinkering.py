"""A training by Tinker as tests run it, in this process or in one that is killed."""

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from stages.models.chat.chat import Speech
from stages.models.chat.loading import load_chat
from stages.models.hosted.identity import Host
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.teach.outcome import Taught
from stages.models.hosted.tinker.lesson import TokenLesson, lesson_in_tokens
from stages.models.hosted.tinker.training import Pupil, trained
from tests.conftest import CHAT
from tests.hosted.teaching import PACE, PRICES, ROWS
from tests.models import settings as models
from tests.tiny_models import make_tiny_tokenizer

KEY, SECRET = "TINKERING_KEY", "tml-planted-7f3a"
SPEECH = Speech(("\n",), "off", "2026-01-01")
SETTINGS = replace(
    models.SETTINGS,
    epochs=2,
    learning_rate=0.05,
    lora_rank=4,
    lora_alpha=32,
    batch_inputs=3,
    checkpoint_every=2,
)


def make_tokenizer(folder: Path) -> str:
    """A tiny tokenizer with a chat template, as params name it."""
    tokenizer = make_tiny_tokenizer()
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder)
    return f"path:{folder}"


def lesson(place: str, rows: list[dict[str, Any]] = ROWS, **how: Any) -> TokenLesson:
    chat = load_chat(Path(place.removeprefix("path:")), SPEECH)  # not tried each time
    return lesson_in_tokens(rows, chat, replace(SETTINGS, **how), "gpt")


def teach(
    url: str,
    taught: TokenLesson,
    *,
    model: str = "tiny",
    patience: float = 60.0,
    **limits: Any,
) -> tuple[Taught, list[float]]:
    """What a model, mostly one called tiny, becomes at the service of `url`."""
    allowed = LimitsParams.model_validate({"prices": PRICES, **limits})
    base = "tiny" if model.startswith("tinker://") else model
    pupil = Pupil(Host("gpt", model, url, KEY), base)
    ledger = Ledger(allowed, "train_self")
    return trained(pupil, taught, ledger, pace=PACE, patience=patience)


def teach_in_a_process(url: str, cache: Path, place: str) -> None:
    """For a process of its own, which the server kills."""
    logging.disable()
    os.environ |= {"SELFPREDICT_CACHE": str(cache), KEY: SECRET}
    teach(url, lesson(place))
