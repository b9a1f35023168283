"""A stage that asks or teaches, carried out: what it will take is told first, or told alone."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from stages.models.hosted.foresight import told
from stages.models.opening import Models
from stages.models.plan import Plan
from stages.models.planning import foreseen, planned

Made = TypeVar("Made")


def carry_out(
    models: Models,
    rows: Callable[[Models], Iterable[Made]],
    write: Callable[[Iterable[Made]], object],
    *,
    dry_run: bool = False,
) -> str:
    """Write the rows of a stage, which `rows` makes with the models that it is given.

    What it will take of servers is logged before. With `dry_run` that is all, of local models
    too, and is what comes back: nothing is sent, computed or written.
    """
    if dry_run:
        return "\n".join(_lines(models, planned(models, rows)))
    foreseen(models, rows)
    write(rows(models))
    return ""


def _lines(models: Models, plans: list[Plan]) -> Iterator[str]:
    """A line a subject, then the first requests of each as they would be sent."""
    for plan in plans:
        yield f"{models.stage}: {told(plan, models.limits)}"
    for plan in plans:
        for sample in (*plan.probe, *plan.samples):
            yield json.dumps(sample, ensure_ascii=False, indent=2)
    if not plans:
        yield f"{models.stage}: nothing is asked or taught"
