"""The section `limits` of params.yaml: what hosted models cost, and how much may be spent.

It decides no content: no stage names it among its params, so an edit runs nothing again.
"""

from collections.abc import Collection
from typing import Annotated

from pydantic import Field, model_validator

from stages.study.section import Strict, members

Dollars = Annotated[float, Field(ge=0, le=1e5)]
"""US dollars a million tokens"""
Factor = Annotated[float, Field(gt=0, le=1)]


class AskingPrices(Strict):
    """What a model's tokens cost; cached: prompt tokens that the server had read before."""

    input: Dollars
    output: Dollars
    cached: Dollars | None = None  # as input, where it is not told


class Prices(AskingPrices):
    """What a model of params.yaml costs, asked and taught.

    training: a million trained tokens. trained: the prices of what training made of it, where
    they are others. batch: what part of a price is paid in batch mode.
    """

    training: Dollars | None = None
    trained: AskingPrices | None = None
    batch: Factor = 1.0


class LimitsParams(Strict):
    """How much a study may spend on hosted models, and what these cost, by name.

    max_cost_usd: US dollars; max_tokens: read, written and trained on. Both hold for the study
    as a whole, however often it was killed and begun again.
    """

    max_cost_usd: Annotated[float, Field(gt=0, le=1e7)] | None = None
    max_tokens: Annotated[int, Field(gt=0, le=10**13)] | None = None
    prices: dict[str, Prices] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _priced(self) -> "LimitsParams":
        if self.max_cost_usd is not None and not self.prices:
            raise ValueError(
                "max_cost_usd has no meaning without prices; add prices.MODEL: {input: ..., "
                "output: ...}, or set max_tokens"
            )
        return self

    def check(self, models: Collection[str], hosted: Collection[str]) -> None:
        """ValueError where a price is of no model, or a limit lacks that of a hosted one."""
        try:
            members(list(self.prices), models, "model")
        except ValueError as error:
            raise ValueError(f"prices: {error}") from None
        lacking = sorted(set(hosted) - set(self.prices))
        if self.max_cost_usd is not None and lacking:
            raise ValueError(
                f"max_cost_usd: {lacking[0]!r} has no prices; add prices.{lacking[0]}: "
                "{input: ..., output: ...}, or set max_tokens"
            )
