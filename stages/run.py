"""run: the study, as far as it is not up to date, with the time that each cell takes.

    python -m stages.run                     # all of it, as `make run` does
    python -m stages.run judge_cells         # up to a stage, or a cell such as predict@a-b
    python -m stages.run --jobs 1            # one cell after the other
    python -m stages.run -- --force evaluate # after -- whatever `dvc repro` takes

Runs `dvc repro`, two cells at once where two can run, and has its exit status. Each cell has its
share of the processors; where a GPU is at hand, or a subject is on a server, one runs after the
other, unless --jobs says otherwise. A line for each cell that ran says what it took and how
long the rest will take, by the times of the last run (times.json in the folder of the caches).
What is told to stop here stops; the same command goes on from there. Before it begins, params.yaml
is checked, and libraries of other versions than those of dvc.lock are named.
"""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from stages.models.hosted.spec.section import HostedSpec
from stages.params import Params, command, load_params
from stages.storage.errors import plain
from stages.terminal.ending import ending
from stages.terminal.progress import Progress
from stages.terminal.repro import repro, threads_each
from stages.terminal.times import keep_times, last_times
from stages.versions import PINS, others

PARAMS = Path("params.yaml")
LAST = "report"  # the cell that writes the answer


@command
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[STAGE]...")
@click.option("--jobs", type=click.IntRange(1), help="How many cells may run at once.")
def main(arguments: tuple[str, ...], jobs: int | None) -> None:
    params = load_params(PARAMS) if PARAMS.is_file() else None
    jobs = jobs or default_jobs(params)
    for line in others(PINS) if PINS.is_file() else ():
        click.echo(line)
    progress = Progress(last_times(), time.monotonic, jobs)

    def hear(event: Mapping[str, Any]) -> None:
        if line := progress.hear(event):
            click.echo(plain(line))
            keep_times(progress.took)

    status = repro(arguments, hear, jobs)
    if status:
        raise click.exceptions.Exit(status if status > 0 else 128 - status)
    click.echo(progress.summary())
    if LAST in progress.order:
        for line in ending():
            click.echo(plain(line))


def default_jobs(params: Params | None) -> int:
    """Two, or one where cells would share what is asked: a GPU's memory, a server's limits."""
    hosted = params is not None and any(
        isinstance(params.model(name), HostedSpec) for name in params.subjects
    )
    return 1 if hosted or shutil.which("nvidia-smi") or threads_each(1) < 2 else 2


if __name__ == "__main__":
    main()
