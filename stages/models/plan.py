"""What a stage would ask and teach before it does: requests, tokens, and of what they are paid."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stages.storage.kept_folders import folder_of
from stages.storage.keys import Parts

SHOWN = 2  # requests of a model that are shown whole


@dataclass(frozen=True)
class Tokens:
    """Tokens of a request or a training; `cached` ones are among those of the prompt."""

    prompt: int = 0
    cached: int = 0
    answer: int = 0
    trained: int = 0

    @property
    def total(self) -> int:
        return self.prompt + self.answer + self.trained

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            self.prompt + other.prompt,
            self.cached + other.cached,
            self.answer + other.answer,
            self.trained + other.trained,
        )


NOTHING = Tokens()


@dataclass(frozen=True)
class Tariff:
    """By which of the prices tokens are paid: `model` is its name in params.yaml."""

    model: str
    trained: bool = False  # what training made of it is asked
    batch: bool = False


@dataclass(frozen=True)
class Plan:
    """What asking or teaching one model takes; tokens are estimated.

    `host` is None for a model in this process. Of `answers` those `kept` are in the cache, and
    `requests` ask for the others; `trainings` are of `rows` in all, those `trained` are there.
    `least` is with answers of a token each, `most` with answers of full length. `samples` are
    the first requests as they would be sent, `probe` those that find out what
    the server can, which are few and short and not counted; `folder` is what was trained, if it is
    there.
    """

    subject: str
    host: str | None = None
    answers: int = 0
    kept: int = 0
    requests: int = 0
    trainings: int = 0
    trained: int = 0
    rows: int = 0
    least: Tokens = NOTHING
    most: Tokens = NOTHING
    tariff: Tariff | None = None
    samples: tuple[Mapping[str, Any], ...] = ()
    probe: tuple[Mapping[str, Any], ...] = ()
    folder: Path | None = None

    def __add__(self, other: "Plan") -> "Plan":
        """Both, of one subject."""
        return replace(
            self,
            answers=self.answers + other.answers,
            kept=self.kept + other.kept,
            requests=self.requests + other.requests,
            trainings=self.trainings + other.trainings,
            trained=self.trained + other.trained,
            rows=self.rows + other.rows,
            least=self.least + other.least,
            most=self.most + other.most,
            samples=(*self.samples, *other.samples)[:SHOWN],
            probe=self.probe or other.probe,
        )

    @property
    def whole(self) -> "Plan":
        """As part of what is paid for a model of params.yaml, whatever training made of it."""
        if self.tariff is None:
            return self
        which = " (trained)" if self.tariff.trained else ""
        return replace(self, subject=f"{self.tariff.model}{which}")


def training_plan(
    subject: str, parts: Parts, rows: int, host: str | None = None, tokens: Tokens = NOTHING
) -> Plan:
    """That of one training, which takes `tokens` unless what it makes is there; `parts` decide it.

    Of a hosted model `subject` is its name in params.yaml.
    """
    folder = folder_of("adapters", parts)
    there = folder.is_dir()
    left = NOTHING if there else tokens
    return Plan(
        subject,
        host,
        trainings=1,
        trained=int(there),
        rows=rows,
        least=left,
        most=left,
        tariff=Tariff(subject) if host else None,
        folder=folder if there else None,
    )


def by_subject(plans: Iterable[Plan]) -> list[Plan]:
    """One plan a subject and tariff, in the order in which they come; a model is probed once."""
    found: dict[tuple[str, Tariff | None], Plan] = {}
    probed: dict[str | None, str] = {}
    for plan in plans:
        whose = plan.subject, plan.tariff
        model = plan.tariff.model if plan.tariff else None
        if plan.probe and probed.setdefault(model, plan.subject) != plan.subject:
            plan = replace(plan, probe=())
        found[whose] = found[whose] + plan if whose in found else plan
    return list(found.values())
