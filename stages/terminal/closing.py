"""The last lines of a command: what it wrote and, where a person gave it, what to do next.

They go to standard error, so that what a command prints can go into a file or another command.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from stages.storage.errors import plain
from stages.terminal.pipeline import Stage, after, filled, pipeline

DVC_STAGE = "DVC_STAGE"  # by which dvc tells a command of which cell it is
BESIDE = {  # what a command of a stage makes where it is given a seed, which no stage does
    "stages.control": "data/control_seeds/${item.control}/${item.seed}",
    "stages.sensitivity": "data/sensitivity_runs/${item.model}",
}
Stamp = tuple[int, int, int] | None


class Closing:
    """What lay at the places of a command's outs before it began.

    `module` is the command's, `given` has its options by their long names.
    """

    def __init__(self, module: str, given: Mapping[str, object]) -> None:
        self.given, self.every = given, pipeline()
        self.stages = [stage for stage in self.every if stage.module == module]
        outs = [*(out for stage in self.stages for out in stage.outs), BESIDE.get(module, "")]
        self.before = {path: _stamp(path) for out in outs if (path := filled(out, given))}

    def told(self) -> None:
        """Say which of them are new, and what follows."""
        new = [path for path, was in self.before.items() if _stamp(path) not in (None, was)]
        wrote(*new)
        if self.given.get("dry-run"):
            then("the same command without --dry-run")
        elif new and (following := self._following(new)):
            then(f"dvc repro {following}")
        elif new:
            then(f"look at {', '.join(new)}")

    def _following(self, new: list[str]) -> str | None:
        """The first stage that reads what is new."""
        made = [stage for stage in self.stages if new[0] in self._outs(stage)]
        return next((other.name for stage in made for other in after(stage, self.every)), None)

    def _outs(self, stage: Stage) -> list[str | None]:
        return [filled(out, self.given) for out in stage.outs]


def wrote(*paths: str | Path) -> None:
    """Say what a command wrote, if it wrote anything."""
    if paths:
        click.echo(plain(f"wrote {', '.join(map(str, paths))}"), err=True)


def then(text: str) -> None:
    """Say what to do next, to a person who gave the command."""
    if given_by_a_person():
        click.echo(plain(f"next: {text}"), err=True)


def given_by_a_person() -> bool:
    """Whether a command was given at a terminal, and not by dvc nor for what it prints."""
    return DVC_STAGE not in os.environ and sys.stdout.isatty() and sys.stderr.isatty()


def _stamp(path: str) -> Stamp:
    """What tells a file or folder from another one at its place; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
