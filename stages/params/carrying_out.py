"""What commands that ask and teach share: --dry-run, and what it will take before it begins."""

import json
from collections.abc import Callable, Iterable
from typing import TypeVar

import click

from stages.models.hosted.foresight import told
from stages.models.opening import Models
from stages.models.plan import Plan
from stages.models.planning import foreseen, planned
from stages.storage.errors import plain

Made = TypeVar("Made")
dry_run_option = click.option(
    "--dry-run",
    is_flag=True,
    help="Only say what would be asked and taught, what it would cost, and a few of the requests.",
)


def carry_out(
    models: Models,
    rows: Callable[[Models], Iterable[Made]],
    write: Callable[[Iterable[Made]], object],
    *,
    dry_run: bool = False,
) -> None:
    """Write the rows of a stage, which `rows` makes with the models that it is given.

    What it will take of servers is told before; with `dry_run` that is all, of local models too:
    nothing is sent, computed or written.
    """
    if dry_run:
        show(models, planned(models, rows))
        return
    foreseen(models, rows)
    write(rows(models))


def show(models: Models, plans: Iterable[Plan]) -> None:
    """A line a subject, then the first requests of each as they would be sent."""
    plans = list(plans)
    for plan in plans:
        click.echo(plain(f"{models.stage}: {told(plan, models.limits)}"))
    for plan in plans:
        for sample in plan.samples:
            text = json.dumps(sample, ensure_ascii=False, indent=2)
            click.echo("\n".join(plain(line) for line in text.splitlines()))
    if not plans:
        click.echo(f"{models.stage}: nothing is asked or taught")
