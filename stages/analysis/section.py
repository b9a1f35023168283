"""The section `evaluate` of params.yaml."""

from typing import Annotated

from pydantic import Field

from stages.study.section import Share, Strict


class EvaluateParams(Strict):
    """Which cells are informative and how intervals are made."""

    max_mode_share: Annotated[float, Field(gt=0, le=1)]
    min_compliance: Share
    permutations: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
