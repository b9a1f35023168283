"""What a stage will take, told before it does: a line a subject, and whether it fits the limits."""

import logging
from collections.abc import Iterable, Iterator, Sequence

from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limits import Total, check_priced
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import cost, dollars
from stages.models.plan import Plan, Tokens
from stages.storage.errors import StudyError

log = logging.getLogger(__name__)


def told(plan: Plan, limits: LimitsParams) -> str:
    """A plan as a line."""
    parts = []
    if plan.answers:
        parts.append(f"{plan.kept:,} of {plan.answers:,} answers are kept")
    if plan.trainings:
        parts.append(
            f"{plan.trained:,} of {plan.trainings:,} trainings are kept, {plan.rows:,} rows in all"
        )
    if plan.requests:
        probe = (
            f", and up to {len(plan.probe)} to find out what the server can" if plan.probe else ""
        )
        parts.append(f"{plan.requests:,} requests{probe}")
    if plan.least.prompt:
        answers = _between(f"{plan.least.answer:,}", f"{plan.most.answer:,}")
        parts.append(f"about {plan.least.prompt:,} tokens of prompts, {answers} of answers")
    if plan.most.trained:
        parts.append(f"about {plan.most.trained:,} tokens to train on")
    if plan.most.total:
        parts.append(f"cost {_between(*map(dollars, _costs(plan, limits)))}")
    where = f"at {plan.host}" if plan.host else "in this process"
    return f"{plan.subject} {where}: {'; '.join(parts) or 'nothing'}"


def check_fits(plans: Iterable[Plan], ledger: Ledger) -> None:
    """Warn where what is planned may pass a limit; StudyError where it surely would.

    Surely, as far as an estimate can tell: with all prompts and answers of one token each.
    """
    limits, before = ledger.limits, ledger.totals()
    paying = [plan for plan in plans if plan.tariff and plan.most.total]
    for plan in paying:
        if plan.tariff:
            check_priced(limits, plan.most, plan.tariff)
    for key, limit, spent, least, most in _against(limits, before, paying):
        taken = _amount(key, spent)
        planned = f"{_amount(key, least)} at least and {_amount(key, most)} at most"
        if spent + least > limit:
            raise StudyError(
                f"params.yaml: limits.{key}: {_amount(key, limit)} would be passed: {taken} are "
                f"paid, on the way or lost in a kill, and {ledger.stage} is estimated to take "
                f"{planned}. Nothing was sent: raise the limit and give the same command again"
            )
        if spent + most > limit:
            log.warning(
                f"{ledger.stage}: limits.{key}: {_amount(key, limit)} may be passed, as {taken} "
                f"are gone and {planned} are planned; the run would then end before, and keep all"
            )


def _against(
    limits: LimitsParams, before: Sequence[Total], plans: Sequence[Plan]
) -> Iterator[tuple[str, float, float, float, float]]:
    """Each limit that is set: its key, the limit, what is gone, what is planned at least, at most.

    What was paid and has no price counts nothing: the first request is refused then.
    """
    if limits.max_tokens is not None:
        gone = sum(total.tokens.total for total in before)
        least, most = (sum(t.total for t in side) for side in _sides(plans))
        yield "max_tokens", limits.max_tokens, gone, least, most
    if limits.max_cost_usd is not None:
        paid = sum(total.cost_usd or 0.0 for total in before)
        costs = [_costs(plan, limits) for plan in plans]
        low, high = (sum(pair[at] or 0.0 for pair in costs) for at in (0, 1))
        yield "max_cost_usd", limits.max_cost_usd, paid, low, high


def _sides(plans: Sequence[Plan]) -> tuple[list[Tokens], list[Tokens]]:
    return [plan.least for plan in plans], [plan.most for plan in plans]


def _costs(plan: Plan, limits: LimitsParams) -> tuple[float | None, float | None]:
    if plan.tariff is None:
        return None, None
    return cost(plan.least, plan.tariff, limits), cost(plan.most, plan.tariff, limits)


def _between(least: str, most: str) -> str:
    return least if least == most else f"{least} to {most}"


def _amount(key: str, amount: float) -> str:
    return dollars(amount) if key == "max_cost_usd" else f"{amount:,.0f} tokens"
