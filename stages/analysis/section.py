"""The section `evaluate` of params.yaml."""

from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator, Field

from stages.analysis.rule import Ceiling, Limits, Rule
from stages.storage.readers import READ, row_format
from stages.study.section import Count, Share, Strict

MOST_PERMUTATIONS = 1_000_000  # p to six decimals; some seconds for each of many comparisons
MOST_CONFIDENCE = 0.9999  # wider intervals say nothing, and their quantiles round to 0 and 1


def _file_name(name: str) -> str:
    kind = row_format(name)
    if kind is None or PurePath(name).name != name:
        raise ValueError(f"{name!r} is no file of given/; name one of it, such as anna.csv; {READ}")
    return name


GivenParams = dict[str, Annotated[str, AfterValidator(_file_name)]]
"""predictor -> a file of the folder given/, which has what he answered"""


class CeilingParams(Strict):
    """What arms must show where the answer stands in the question, on pilot rows.

    min_rows of them, an exact one-sided p under max_p of each arm against the pilot mode, and no
    more than max_difference between the arms that are compared.
    """

    min_rows: Count
    max_p: Annotated[float, Field(gt=0, le=1)]
    max_difference: Share


class EvaluateParams(Strict):
    """Which cells count and how intervals are made.

    Where ceiling is null no answer is shown to anybody, and variety and compliance alone decide.
    """

    max_mode_share: Annotated[float, Field(gt=0, le=1)]
    min_compliance: Share
    ceiling: CeilingParams | None
    min_cell_rows: Count
    permutations: Annotated[int, Field(ge=100, le=MOST_PERMUTATIONS)]
    confidence: Annotated[float, Field(gt=0.5, le=MOST_CONFIDENCE)]

    def rule(self, seed: int) -> Rule:
        """The rule of all intervals and p-values, with the seed of the study."""
        return Rule(seed, self.confidence, self.permutations, self.min_cell_rows)

    @property
    def limits(self) -> Limits:
        """Which cells count."""
        ceiling = Ceiling(**self.ceiling.model_dump()) if self.ceiling else None
        return Limits(self.max_mode_share, self.min_compliance, ceiling)
