"""The section `tasks` of params.yaml: which teach, which are held out, which come from files."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from stages.study.inputs import COUNTS
from stages.study.item import Task
from stages.study.section import Count, Some, Strict, members, plain_name
from stages.tasks import TASKS
from stages.tasks.files.section import Family, LoadedTask


class TaskParams(Strict):
    """Which tasks teach, which are held out, and how many inputs each gives.

    Their names are those of stages/tasks or of `loaded`; one that is loaded and in neither
    is not read. A task that has fewer inputs than asked for is an error, unless `allow_fewer`.
    Of a held-out task some inputs are rehearsed, which may be none, and others judged or scored.
    """

    KNOWN: ClassVar[Mapping[str, Task]] = TASKS

    loaded: dict[str, LoadedTask] = Field(default_factory=dict)
    train: list[str] = Field(min_length=1)
    test: list[str] = Field(min_length=1)
    train_inputs: Count
    rehearsal_inputs: Some
    pilot_inputs: Count
    test_inputs: Count
    allow_fewer: bool = False

    @field_validator("loaded")
    @classmethod
    def _own_names(cls, loaded: dict[str, LoadedTask]) -> dict[str, LoadedTask]:
        for name in loaded:
            if name in cls.KNOWN:
                raise ValueError(f"{name!r} is a task of stages/tasks; use another name")
            plain_name(name)
        return loaded

    @field_validator("train", "test")
    @classmethod
    def _known(cls, names: list[str], info: ValidationInfo) -> list[str]:
        if "loaded" not in info.data:  # it is wrong, which is told of already
            return names
        return members(names, [*info.data["loaded"], *cls.KNOWN], "task")

    @model_validator(mode="after")
    def _held_out(self) -> "TaskParams":
        if both := sorted(set(self.train) & set(self.test)):
            raise ValueError(f"{both[0]!r} is in train and in test; a held-out task is in one only")
        return self

    def table_families(self) -> list[tuple[str, Family]]:
        """The tasks of the study that come from tables, each with its family."""
        used = {name: self.loaded[name] for name in self.train + self.test if name in self.loaded}
        return [(name, spec.answers) for name, spec in used.items() if spec.format == "table"]

    @property
    def counts(self) -> dict[str, int]:
        """How many inputs each task gives, by key."""
        return {key: getattr(self, key) for key in COUNTS.values()}
