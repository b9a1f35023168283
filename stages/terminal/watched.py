"""`dvc repro` in a process of its own, which tells another one how it comes along.

    python -m stages.terminal.watched SOCKET [--plan] [ARGUMENTS OF dvc repro]

It does what `dvc repro` does and has its exit status. To the socket, a number of an open file, it
writes what dvc itself knows of its cells (stages/terminal/events.py), so that nothing is read out
of what they print; after each line it waits for a byte, so that what is shown stays in order. Of
dvc's own lines its errors, its warnings and the commands that it runs stay. With --plan it tells
what it would come to, and which of it is out of date, and runs nothing.
"""

import json
import logging
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Any

from stages import SIGNALS
from stages.terminal.events import FAILED, KEPT, RAN, RESTORED

Tell = Callable[..., None]
PLAN = "--plan"


class _Commands(logging.Filter):
    """Of what dvc says the commands that it runs, and all that is more than a remark.

    Notes whether a command was run.
    """

    seen = False

    def filter(self, record: logging.LogRecord) -> bool:
        arguments = record.args if isinstance(record.args, tuple) else ()
        ran = record.name == "dvc.stage.run" and arguments[:1] == (">",)
        self.seen |= ran
        return ran or record.levelno > logging.INFO


def _told_to(number: int) -> Tell:
    """What tells an event and waits until it was heard; nobody need listen any more."""
    line = socket.socket(fileno=number)
    line.set_inheritable(False)

    def tell(**event: Any) -> None:
        with suppress(OSError):
            line.sendall(f"{json.dumps(event)}\n".encode())
            line.recv(1)

    return tell


def _tell_the_plan(tell: Tell, only: bool) -> None:
    """Tell, once dvc knows it, in which order it comes to which cells; `only` to them as well."""
    module: Any = import_module("dvc.repo.reproduce")
    plan = module.plan_repro

    def plan_repro(graph: Any, *arguments: Any, **options: Any) -> Any:
        steps = plan(graph, *arguments, **options)
        cells = [
            {
                "cell": step.addressing,
                "needs": [other.addressing for other in graph.successors(step)],
                "stale": not all(out.exists for out in step.outs) or (only and step.changed()),
            }
            for step in steps
            if step.cmd
        ]
        tell(plan=cells)
        return [] if only else steps

    module.plan_repro = plan_repro


def _tell_of_cells(tell: Tell, commands: _Commands) -> None:
    """Tell of each cell when dvc begins with it and how it ended."""
    from dvc.stage import Stage

    reproduce = Stage.reproduce

    def told(stage: Any, *arguments: Any, **options: Any) -> Any:
        tell(begins=stage.addressing)
        commands.seen, how = False, FAILED
        try:
            made = reproduce(stage, *arguments, **options)
            how = (RAN if commands.seen else RESTORED) if made else KEPT
        finally:
            tell(ends=stage.addressing, how=how)
        return made

    Stage.reproduce = told


def _interrupt(number: int, frame: FrameType | None) -> None:
    """As Ctrl-C: dvc waits for the command that it runs, which is told itself; else it ends."""
    signal.raise_signal(signal.SIGINT)


def main(number: int, *arguments: str) -> int:
    """The exit status of `dvc repro`."""
    tell = _told_to(number)
    for stop in SIGNALS:
        if signal.getsignal(stop) is not signal.SIG_IGN:
            of_python = stop == signal.SIGINT
            signal.signal(stop, signal.default_int_handler if of_python else _interrupt)
    from dvc.cli import main as dvc
    from dvc.ui import ui

    ui.enable = lambda: None  # remarks: to push, that all is up to date
    commands = _Commands()
    for handler in logging.getLogger("dvc").handlers:
        handler.addFilter(commands)
    _tell_the_plan(tell, PLAN in arguments)
    _tell_of_cells(tell, commands)
    rest = [argument for argument in arguments if argument != PLAN]
    return int(dvc(["--wait-for-lock", "repro", *rest]))  # others may run in this workspace


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
