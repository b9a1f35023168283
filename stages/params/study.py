"""The whole of params.yaml: the sections of all rooms, and what must hold between them."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from stages.analysis.section import EvaluateParams, GivenParams
from stages.controls.instilling.prompts import PROMPTS
from stages.controls.instilling.section import SensitivityParams
from stages.controls.organisms.codes import CODES
from stages.experiments.shared.told import Section
from stages.models.chat.section import ChatParams
from stages.models.fetch.section import ModelSpec
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.spec.section import SOURCE, HostedSpec
from stages.models.section import (
    CrossQuestionParams,
    ExamplesParams,
    FinetuneParams,
    LoraParams,
    PredictParams,
    SamplingParams,
)
from stages.params.experiments import EXPERIMENTS, ExperimentsParams
from stages.params.messages import tag
from stages.storage.errors import StudyError
from stages.storage.keys import digest
from stages.study.arms import PARTS, collision
from stages.study.design import Design
from stages.study.properties import PROPERTIES
from stages.study.section import Seed, Strict, members, plain_name
from stages.tasks import TASKS
from stages.tasks.section import TaskParams

PARTED = ", ".join(f"-{part}" for part in PARTS)
JOINED = re.compile(rf"-({'|'.join(PARTS)})\b", re.IGNORECASE)
MOST_SUBJECTS = 100  # each predicts each: 10,000 cells, of which dvc looks at two or three a second
MOST_SEEDS = 1000  # each trains all arms anew; the paper has three
SETTLED = (
    *("seed", "tasks", "properties", "sampling", "cross_questions", "finetune", "predict"),
    *("evaluate", "sensitivity"),
)
"""what numbers depend on that are kept beyond one run; not how many training seeds there are"""


def _where(spec: Any) -> str:
    """Where the model of an entry of `models` runs: the tag of its type."""
    source = spec.get("source") if isinstance(spec, dict) else getattr(spec, "source", None)
    return tag(HostedSpec if isinstance(source, str) and source.startswith(SOURCE) else ModelSpec)


Model = Annotated[
    Annotated[ModelSpec, Tag(tag(ModelSpec))] | Annotated[HostedSpec, Tag(tag(HostedSpec))],
    Discriminator(_where),
]
"""an entry of `models`"""


class StudyTasks(TaskParams):
    """The section `tasks`, where those of organisms and of copies may be named too."""

    KNOWN = TASKS | CODES | PROMPTS


class Params(Strict):
    """The whole of params.yaml."""

    seed: Seed
    seeds: list[Seed] = Field(min_length=1, max_length=MOST_SEEDS)
    subjects: list[str] = Field(min_length=1, max_length=MOST_SUBJECTS)
    models: dict[str, Model] = Field(min_length=1)
    chat: ChatParams
    tasks: StudyTasks
    properties: list[str] = Field(min_length=1)
    sampling: SamplingParams
    cross_questions: CrossQuestionParams
    finetune: FinetuneParams
    predict: PredictParams
    evaluate: EvaluateParams
    given: GivenParams = Field(default_factory=dict)
    sensitivity: SensitivityParams | None = None
    experiments: ExperimentsParams = ExperimentsParams(run=[])
    limits: LimitsParams = LimitsParams()

    @field_validator("models")
    @classmethod
    def _plain(cls, models: dict[str, Model]) -> dict[str, Model]:
        for name in models:
            if JOINED.search(plain_name(name)):
                raise ValueError(
                    f"{name!r} is no name of a model; it has no part {PARTED}, which join "
                    "names of models"
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

    @field_validator("given")
    @classmethod
    def _no_subjects(cls, given: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        for name in given:
            if plain_name(name) in info.data.get("subjects", ()):
                raise ValueError(f"{name!r} is a subject; its answers need another name")
        return given

    @model_validator(mode="after")
    def _subjects_are_models(self) -> "Params":
        try:
            members(self.subjects, self.models, "model")
        except ValueError as error:
            raise ValueError(f"subjects: {error}") from None
        if found := collision(self.subjects):
            raise ValueError(f"subjects: {found}")
        return self

    @model_validator(mode="after")
    def _hosted_fit(self) -> "Params":
        hosted = [name for name, spec in self.models.items() if isinstance(spec, HostedSpec)]
        local = self.models.keys() - hosted
        told = self.finetune.models
        shown = [name for name, how in told.items() if isinstance(how, ExamplesParams)]
        paced = [name for name, how in told.items() if isinstance(how, LoraParams)]
        for key, named, known, what in (
            ("chat", self.chat.models, hosted, "hosted model"),
            ("finetune", shown, self.models, "model"),
            ("finetune", paced, sorted(local), "local model"),
            ("finetune", told.keys() - shown - set(paced), hosted, "hosted model"),
        ):
            try:
                members(sorted(named), known, what)
            except ValueError as error:
                raise ValueError(f"{key}.models: {error}") from None
        try:
            self.limits.check(self.models, [name for name in self.subjects if name in hosted])
        except ValueError as error:
            raise ValueError(f"limits.{error}") from None
        return self

    @model_validator(mode="after")
    def _experiments_fit(self) -> "Params":
        for name in self.experiments.run:
            try:
                self.told(name).check(self.design, self.tasks.counts)
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

    def settled(self) -> str:
        """A digest of the sections SETTLED: kept numbers of another one are of other settings."""
        return digest(self.model_dump(mode="json", include=set(SETTLED)))

    @property
    def given_files(self) -> dict[str, Path]:
        """The files of answers by the names of those who gave them."""
        return {name: Path("given") / file for name, file in self.given.items()}

    def model(self, name: str) -> ModelSpec | HostedSpec:
        """A model by its name, a key of `models`; raises StudyError where there is none."""
        _named(name, self.models, "models", "model")
        return self.models[name]

    def subject(self, name: str) -> str:
        """The name, which is one of `subjects`; else StudyError."""
        return _named(name, self.subjects, "subjects", "subject")

    def told(self, experiment: str) -> Section:
        """The section of an experiment; raises StudyError where there is none."""
        _named(experiment, EXPERIMENTS, "experiments", "experiment")
        found = self.experiments.section(experiment)
        if found is None:
            raise StudyError(f"params.yaml: experiments.{experiment}: this key is missing")
        return found


def _named(name: str, known: Collection[str], key: str, what: str) -> str:
    """The one check of every name that a command is given: it is one of those in params.yaml."""
    try:
        members([name], known, what)
    except ValueError as error:
        raise StudyError(f"params.yaml: {key}: {error}") from None
    return name
