"""The section `experiments` of params.yaml: which run, and what each is told.

An experiment that is not in `run` costs nothing, not even a cell.
"""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from stages.param_types import Count, Strict, members
from stages.study.properties import PROPERTIES


class BeforeAfterParams(Strict):
    """Before and after training: nothing more is asked, so there is nothing to tell."""


class CalibrationParams(Strict):
    """Is what a model says as frequent as what the target does?

    `inputs` of each held-out task, each answered and predicted `samples` times at temperature 1;
    `bins` of equal frequency.
    """

    inputs: Count
    samples: Annotated[int, Field(ge=2)]
    properties: list[str] = Field(min_length=1)
    bins: Annotated[int, Field(ge=2)]

    @field_validator("properties")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        return members(names, PROPERTIES, "property")


class BehaviorChangeParams(Strict):
    """M1 finetuned on other object-level answers, without any question about itself: MC.

    `answers`: other (those of the next subject's base model), persona:TEXT (its own, with TEXT
    before each prompt) or path:FILE (JSON lines with input_id and response). `inputs` of the
    train split of each held-out task are taught, none of which is scored.
    """

    answers: str
    inputs: Count
    epochs: Count
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    batch_inputs: Count

    @field_validator("answers")
    @classmethod
    def _source(cls, value: str) -> str:
        kind, _, rest = value.partition(":")
        if value != "other" and not (kind in ("persona", "path") and rest.strip()):
            raise ValueError("use other, persona:TEXT or path:FILE")
        return value


class ScalingParams(Strict):
    """Accuracy by the number of training inputs; all of them is the main study's own point.

    Smaller sets are parts of larger ones. `inputs` of each held-out task are asked.
    """

    sizes: list[Count] = Field(min_length=1)
    inputs: Count

    @field_validator("sizes")
    @classmethod
    def _once(cls, sizes: list[int]) -> list[int]:
        return members(sizes, sizes, "size")


FAILURES = (
    "are_you_sure", "opinion_bias", "answer_without_hint", "knows_what_it_knows", "length",
    "sentiment", "character_name",
)  # fmt: skip


class FailuresParams(Strict):
    """Questions on which the published models failed: which, on how many inputs of each task.

    max_tokens: of the long answers whose length, sentiment and main character are asked for.
    """

    questions: list[str] = Field(min_length=1)
    inputs: Count
    max_tokens: Count = 96

    @field_validator("questions")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        return members(names, FAILURES, "question")


class PromptShiftParams(Strict):
    """A prefix before the object-level prompt and before the question; name -> text.

    `inputs` of each held-out task are asked.
    """

    prefixes: dict[str, str] = Field(min_length=1)
    inputs: Count


class ExperimentsParams(Strict):
    """All experiments; those in `run` run, and each of them has its section."""

    run: list[str] = Field(default_factory=list)
    before_after: BeforeAfterParams | None = None
    calibration: CalibrationParams | None = None
    behavior_change: BehaviorChangeParams | None = None
    scaling: ScalingParams | None = None
    failures: FailuresParams | None = None
    prompt_shift: PromptShiftParams | None = None

    @field_validator("run")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        return members(names, EXPERIMENTS, "experiment")

    @model_validator(mode="after")
    def _told(self) -> "ExperimentsParams":
        for name in self.run:
            if getattr(self, name) is None:
                raise ValueError(f"{name!r} is in run and has no section; add experiments.{name}")
        return self


EXPERIMENTS = tuple(name for name in ExperimentsParams.model_fields if name != "run")
