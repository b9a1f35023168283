"""run: the study, as far as it is not up to date, with the time that each cell takes.

    python -m stages.run                     # all of it, as `make run` does
    python -m stages.run judge_cells         # up to a stage, or a cell such as predict@a-b
    python -m stages.run -- --force evaluate # after -- whatever `dvc repro` takes

Runs `dvc repro` and has its exit status. A line for each cell that ran says what it took and how
long the rest will take, by the times of the last run (times.json in the folder of the caches).
What is told to stop here stops; the same command goes on from there. Before it begins, params.yaml
is checked, and libraries of other versions than those of dvc.lock are named.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from stages.params import command, load_params
from stages.storage.errors import plain
from stages.terminal.ending import ending
from stages.terminal.progress import Progress
from stages.terminal.repro import repro
from stages.terminal.times import keep_times, last_times
from stages.versions import PINS, others

PARAMS = Path("params.yaml")
LAST = "report"  # the cell that writes the answer


@command
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[STAGE]...")
def main(arguments: tuple[str, ...]) -> None:
    if PARAMS.is_file():
        load_params(PARAMS)
    for line in others(PINS) if PINS.is_file() else ():
        click.echo(line)
    progress = Progress(last_times(), time.monotonic)

    def hear(event: Mapping[str, Any]) -> None:
        if line := progress.hear(event):
            click.echo(plain(line))
            keep_times(progress.took)

    status = repro(arguments, hear)
    if status:
        raise click.exceptions.Exit(status if status > 0 else 128 - status)
    click.echo(progress.summary())
    if LAST in progress.order:
        for line in ending():
            click.echo(plain(line))


if __name__ == "__main__":
    main()
