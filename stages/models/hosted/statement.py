"""What a study has paid for hosted models, and how far trainings and batches are, as lines."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stages.models.hosted.ask.batch.journal import FOLDER as BATCHES
from stages.models.hosted.errands.journal import DONE
from stages.models.hosted.ledger import SPENT, Ledger
from stages.models.hosted.limits import Total
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import dollars
from stages.models.hosted.teach.journal import FOLDER as JOBS
from stages.storage.response_cache import cache_folder


def account(limits: LimitsParams, study: Path = Path(".")) -> Iterator[str]:
    """What the study in a folder has paid, by the prices of today; none where it paid nothing."""
    if not (cache_folder() / SPENT).is_file():
        return
    totals = Ledger(limits, "cache", study).totals()
    if not totals:
        return
    yield f"paid for this study: {_sum(totals, is_open=False)}{_limits(limits)}"
    yield from (f"  {_line(total)}" for total in totals if not total.open)
    if any(total.open for total in totals):
        yield f"on the way, or lost in a kill, at most: {_sum(totals, is_open=True)}"
        yield from (f"  {_line(total)}" for total in totals if total.open)


def trainings() -> Iterator[str]:
    """A line a training of which there is a journal."""
    for name, state in _journals(JOBS):
        yield f"{name}: {_told(state, 'job')}"


def batches() -> Iterator[str]:
    """A line a batch with answers that were not taken."""
    for name, state in _journals(BATCHES):
        if state.get("step") != DONE:
            left = f", {len(state.get('lines') or ()):,} requests" if state else ""
            yield f"{name}: {_told(state, 'batch')}{left}"


def _journals(folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The journals of a folder by their names below the cache; of a damaged one nothing."""
    for path in sorted((cache_folder() / folder).rglob("*.json")):
        try:
            state = dict(json.loads(path.read_bytes()))
            at = dict(state.get("at") or {})
        except (OSError, ValueError, TypeError, RecursionError):
            state, at = {}, {}
        yield str(path.relative_to(cache_folder())), state and {**state, "at": at}


def _told(state: Mapping[str, Any], kind: str) -> str:
    """Whose it is, and how far."""
    if not state:
        return "damaged"
    name = f", {kind} {state[kind]}" if state.get(kind) else ""
    return f"{state['at'].get('model')} at {state['at'].get('host')}: {state.get('step')}{name}"


def _sum(totals: list[Total], *, is_open: bool) -> str:
    own = [total for total in totals if total.open is is_open]
    known = [total.cost_usd for total in own if total.cost_usd is not None]
    amount = dollars(sum(known)) if len(known) == len(own) else f"{dollars(sum(known))} and more"
    return f"{amount}, {sum(total.tokens.total for total in own):,} tokens"


def _limits(limits: LimitsParams) -> str:
    told = []
    if limits.max_cost_usd is not None:
        told.append(dollars(limits.max_cost_usd))
    if limits.max_tokens is not None:
        told.append(f"{limits.max_tokens:,} tokens")
    return f"; the limit is {' and '.join(told)}" if told else ""


def _line(total: Total) -> str:
    tokens, tariff = total.tokens, total.tariff
    which = ", ".join(
        name for name, told in (("trained", tariff.trained), ("batch", tariff.batch)) if told
    )
    parts = [f"{total.requests:,} requests"]
    if tokens.prompt or tokens.answer:
        parts.append(
            f"{tokens.prompt:,} tokens of prompts ({tokens.cached:,} read before), "
            f"{tokens.answer:,} of answers"
        )
    if tokens.trained:
        parts.append(f"{tokens.trained:,} tokens trained on")
    parts.append("no price" if total.cost_usd is None else dollars(total.cost_usd))
    if total.estimated:
        parts.append(f"tokens of {total.estimated:,} of them estimated")
    return f"{total.stage}, {tariff.model}{f' ({which})' if which else ''}: {'; '.join(parts)}"
