"""The section experiments.calibration of params.yaml."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from stages.experiments.shared.told import Section
from stages.study.design import Design
from stages.study.properties import PROPERTIES
from stages.study.section import MOST_ROUNDS, Count, members


class Told(Section):
    """Is what a model says as frequent as what the target does?

    `inputs` of each held-out task, each answered and predicted `samples` times at temperature 1;
    `bins` of equal width, and as published of equal frequency.
    """

    inputs: Count
    samples: Annotated[int, Field(ge=2, le=MOST_ROUNDS)]
    properties: list[str] = Field(min_length=1)
    bins: Annotated[int, Field(ge=2, le=MOST_ROUNDS)]

    @field_validator("properties")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        return members(names, PROPERTIES, "property")

    def check(self, design: Design, counts: Mapping[str, int]) -> None:
        try:
            members(self.properties, design.properties, "property of the study")
        except ValueError as error:
            raise ValueError(f"properties: {error}") from None
