"""Rows of a dataset as tokens, and the steps in which they are taught.

Tokens, batches and rates are those of a local training with the same settings.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from stages.models.chat.chat import Chat
from stages.models.hosted.teach.lesson import AS_LABELS
from stages.models.local.teach.loss import Example, label_weight
from stages.models.local.teach.settings import Settings
from stages.models.local.teach.steps import batches, schedule
from stages.storage.errors import StudyError
from stages.storage.tables import Row

ADAM = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}  # those of a local training
ALPHA = 32  # of LoRA at Tinker, which takes no other
LAYERS = "all-linear"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """Examples of one step, whose weights make of sums the mean over label tokens; its rate."""

    examples: list[Example]
    rate: float

    @property
    def tokens(self) -> int:
        """How many are read."""
        return sum(len(example.read) for example in self.examples)


@dataclass(frozen=True)
class TokenLesson:
    """Rows in tokens by input_id, in the order in which they came, and how they are taught."""

    train: dict[str, list[Example]]
    content: str
    settings: Settings

    @property
    def rows(self) -> int:
        return sum(map(len, self.train.values()))

    @property
    def parts(self) -> dict[str, Any]:
        """What of the settings decides the model."""
        told = self.settings
        return {
            "epochs": told.epochs,
            "learning_rate": told.learning_rate,
            "schedule": told.schedule,
            "warmup_fraction": told.warmup_fraction,
            "lora_rank": told.lora_rank,
            "layers": LAYERS,
            "batch_inputs": told.batch_inputs,
            "weight_decay": told.weight_decay,
            "max_grad_norm": told.max_grad_norm,
            "adam": ADAM,
            "seed": told.seed,
        }

    def steps(self) -> list[Step]:
        """All steps of all epochs."""
        epochs = range(self.settings.epochs)
        every = [b for epoch in epochs for b in batches(self.train, self.settings, epoch)]
        steps = []
        for number, batch in enumerate(every):
            inputs = [self.train[input_id] for input_id in batch]
            whole = label_weight(inputs)
            factor = schedule(number, len(every), self.settings)
            examples = [replace(x, weight=x.weight / whole) for rows in inputs for x in rows]
            steps.append(Step(examples, self.settings.learning_rate * factor))
        return steps


def lesson_in_tokens(
    rows: Iterable[Row], chat: Chat, settings: Settings, model: str
) -> TokenLesson:
    """The rows of slice train; StudyError where one cannot be said, or a setting not be had.

    A service is sent labels: those of what is to be distilled too, which a line says.
    """
    _check(settings, model)
    train: dict[str, list[Example]] = {}
    content, distilled = sha256(), 0
    for row in rows:
        if row["slice"] != "train":
            continue
        try:
            prompt, label = chat.example(
                row["question"], row["label"], ended=row.get("ended", True)
            )
        except StudyError as error:
            where = f"finetune.models.{model}: input {row['input_id']}"
            raise StudyError(f"{where}: {error}") from error
        rehearsed = row.get("rehearsed", False)
        distilled += row.get("distill", False)
        example = Example(prompt, label, row["weight"], rehearsed)
        train.setdefault(row["input_id"], []).append(example)
        said = [row["input_id"], row["weight"], rehearsed, prompt, label]
        content.update(f"{json.dumps(said)}\n".encode())
    if not train:
        raise StudyError(f"finetune.models.{model}: no rows of slice train, nothing to train on")
    if distilled:
        log.warning(AS_LABELS.format(model=model, rows=distilled))
    return TokenLesson(train, content.hexdigest(), settings)


def _check(settings: Settings, model: str) -> None:
    """Refuse, or tell of, what a service of Tinker's shape does not know."""
    where = f"finetune.models.{model}: teach: tinker"
    if settings.target_modules != LAYERS:
        raise StudyError(
            f"{where}: finetune.target_modules is {settings.target_modules}; {LAYERS} is all that "
            "such a service teaches"
        )
    if settings.lora_dropout or settings.lora_alpha != ALPHA:
        log.warning(
            f"{where}: lora_dropout and lora_alpha are the service's to choose, at Tinker 0 and "
            f"{ALPHA}; those of params.yaml are not sent"
        )
