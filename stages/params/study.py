"""The whole of params.yaml: the sections of all rooms, and what must hold between them."""

import re

from pydantic import Field, ValidationInfo, field_validator, model_validator

from stages.analysis.section import EvaluateParams
from stages.controls.organisms.codes import CODES
from stages.experiments.shared.told import Section
from stages.models.fetch.section import ModelSpec
from stages.models.section import (
    CrossQuestionParams,
    FinetuneParams,
    PredictParams,
    SamplingParams,
)
from stages.params.experiments import ExperimentsParams
from stages.storage.errors import StudyError
from stages.study.arms import PARTS
from stages.study.design import Design
from stages.study.properties import PROPERTIES
from stages.study.section import Seed, Strict, members
from stages.tasks import TASKS
from stages.tasks.section import TaskParams

PLAIN_NAME = re.compile(rf"(?!.*-({'|'.join(PARTS)})\b)[A-Za-z0-9][A-Za-z0-9_-]*")


class StudyTasks(TaskParams):
    """The section `tasks`, where those of the controls' organisms may be named too."""

    KNOWN = TASKS | CODES


class Params(Strict):
    """The whole of params.yaml."""

    seed: Seed
    seeds: list[Seed] = Field(min_length=1)
    subjects: list[str] = Field(min_length=1)
    models: dict[str, ModelSpec] = Field(min_length=1)
    tasks: StudyTasks
    properties: list[str] = Field(min_length=1)
    sampling: SamplingParams
    cross_questions: CrossQuestionParams
    finetune: FinetuneParams
    predict: PredictParams
    evaluate: EvaluateParams
    experiments: ExperimentsParams = ExperimentsParams(run=[])

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
        for name in self.experiments.run:
            try:
                self.told(name).check(self.design)
            except ValueError as error:
                raise ValueError(f"experiments.{name}.{error}") from None
        return self

    @property
    def design(self) -> Design:
        """What is compared."""
        return Design(
            self.seed,
            tuple(self.seeds),
            tuple(self.subjects),
            tuple(self.tasks.train),
            tuple(self.tasks.test),
            tuple(self.properties),
        )

    def told(self, experiment: str) -> Section:
        """The section of an experiment; raises StudyError where it is missing."""
        found = self.experiments.section(experiment)
        if found is None:
            raise StudyError(f"params.yaml: experiments.{experiment}: this key is missing")
        return found
