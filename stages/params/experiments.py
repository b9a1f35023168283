"""The section `experiments` of params.yaml: which run, and what each is told.

An experiment is a folder of stages/experiments that has a params.py; its class `Told` is the type
of its section. One that is not in `run` costs nothing, not even a cell.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import create_model, field_validator, model_validator

from stages import experiments
from stages.experiments.shared.told import Section
from stages.study.section import Strict, members

EXPERIMENTS = tuple(
    sorted(path.parent.name for path in Path(experiments.__path__[0]).glob("*/params.py"))
)


class _Run(Strict):
    run: list[str]

    @field_validator("run")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        return members(names, EXPERIMENTS, "experiment")

    @model_validator(mode="after")
    def _told(self) -> "_Run":
        for name in self.run:
            if getattr(self, name) is None:
                raise ValueError(f"{name!r} is in run and has no section; add experiments.{name}")
        return self

    def section(self, name: str) -> Section | None:
        """What an experiment is told; None where it has no section."""
        found: Section | None = getattr(self, name)
        return found


def _told(name: str) -> Any:
    return import_module(f"stages.experiments.{name}.params").Told | None, None


if TYPE_CHECKING:
    ExperimentsParams = _Run
else:
    ExperimentsParams = create_model(
        "ExperimentsParams", __base__=_Run, **{name: _told(name) for name in EXPERIMENTS}
    )
