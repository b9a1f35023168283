"""The section experiments.scaling of params.yaml."""

from pydantic import Field, field_validator

from stages.experiments.shared.told import Section
from stages.study.section import Count, members

MOST_SIZES = 100  # each trains all arms anew


class Told(Section):
    """Accuracy by the number of training inputs; all of them is the main study's own point.

    Smaller sets are parts of larger ones. `inputs` of each held-out task are asked.
    """

    sizes: list[Count] = Field(min_length=1, max_length=MOST_SIZES)
    inputs: Count

    @field_validator("sizes")
    @classmethod
    def _once(cls, sizes: list[int]) -> list[int]:
        return members(sizes, sizes, "size")
