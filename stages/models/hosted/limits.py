"""Whether a request would pass a limit of the study, by what was paid before it."""

from collections.abc import Sequence
from dataclasses import dataclass

from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import Tariff, Tokens, cost, dollars
from stages.storage.errors import StudyError


@dataclass(frozen=True)
class Total:
    """What was paid for one stage and model; with `open`, what may yet be or was lost in a kill.

    requests: how many; estimated: of how many the server did not count the tokens; an open one's
    tokens are the most that it can take. cost_usd is None where a price is not told.
    """

    stage: str
    tariff: Tariff
    tokens: Tokens
    requests: int
    estimated: int
    open: bool
    cost_usd: float | None


def check_priced(limits: LimitsParams, tokens: Tokens, tariff: Tariff) -> None:
    """StudyError where max_cost_usd is set and these tokens have no price."""
    if limits.max_cost_usd is not None and cost(tokens, tariff, limits) is None:
        price = "training" if tariff.model in limits.prices else "input and output"
        raise StudyError(
            f"params.yaml: limits.prices.{tariff.model}: has no price of {price}, which "
            "limits.max_cost_usd needs; add it, or set limits.max_tokens instead"
        )


def limit_passed(
    limits: LimitsParams, before: Sequence[Total], most: Tokens, tariff: Tariff, stage: str
) -> str | None:
    """The line that is said where a request that takes up to `most` would pass a limit."""
    paid, waiting = ([t for t in before if t.open is is_open] for is_open in (False, True))
    if limits.max_tokens is not None:
        counts = *(sum(t.tokens.total for t in side) for side in (paid, waiting)), most.total
        if sum(counts) > limits.max_tokens:
            shown = [f"{count:,} tokens" for count in counts]
            return _line("max_tokens", f"{limits.max_tokens:,} tokens", shown, tariff, stage)
    if limits.max_cost_usd is not None:
        for total in before:
            check_priced(limits, total.tokens, total.tariff)
        price = cost(most, tariff, limits) or 0.0
        costs = *(sum(t.cost_usd or 0.0 for t in side) for side in (paid, waiting)), price
        if sum(costs) > limits.max_cost_usd:
            shown = [dollars(amount) for amount in costs]
            return _line("max_cost_usd", dollars(limits.max_cost_usd), shown, tariff, stage)
    return None


def _line(key: str, limit: str, shown: list[str], tariff: Tariff, stage: str) -> str:
    paid, waiting, most = shown
    return (
        f"params.yaml: limits.{key}: {limit} would be passed: {paid} paid, at most {waiting} on "
        f"the way or lost in a kill, and what {stage} asks of {tariff.model} next takes up to "
        f"{most}. All that was paid for is kept: raise the limit and give the same command again"
    )
