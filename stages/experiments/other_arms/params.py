"""The section experiments.other_arms of params.yaml."""

from pydantic import Field, field_validator

from stages.experiments.shared.told import Section
from stages.study.arms import OTHER_ARMS
from stages.study.section import members


class Told(Section):
    """Which arms are trained beside those of the main study: `similar` and two kinds of cross.

    They are taught, and asked about all scored inputs, with the settings of the main study.
    """

    arms: list[str] = Field(min_length=1)

    @field_validator("arms")
    @classmethod
    def _known(cls, arms: list[str]) -> list[str]:
        return members(arms, OTHER_ARMS, "arm")
