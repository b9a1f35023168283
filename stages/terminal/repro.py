"""`dvc repro`, several cells at once: by one dvc for each cell, in one workspace.

A cell that computes with one thread on each of two cores does not take twice as long as with two
threads: small products wait for each other. So two cells side by side take less time than one after
the other, and fewer processor-seconds.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stages.storage.errors import StudyError
from stages.terminal.children import Children
from stages.terminal.events import EXIT, KEPT
from stages.terminal.schedule import Schedule
from stages.terminal.watched import PLAN

Hear = Callable[[Mapping[str, Any]], None]
ANY_ORDER = {"--force", "-f", "--pull", "--allow-missing", "--no-run-cache", "--no-commit"}
"""options of `dvc repro` that say the same of a cell as of many"""


def threads_each(jobs: int) -> int:
    """How many threads each of so many cells has of the processors at hand."""
    usable = getattr(os, "sched_getaffinity", None)
    processors = len(usable(0)) if usable else os.cpu_count() or 1
    return max(1, processors // jobs)


def repro(arguments: Sequence[str], hear: Hear, jobs: int = 1) -> int:
    """The exit status of `dvc repro ARGUMENTS`, of whose cells `hear` is told.

    Up to `jobs` cells run at once; after one failed no other begins. A signal goes on to all that
    run, and is raised when they have ended.
    """
    children = Children(threads_each(jobs), alone=jobs == 1)
    if jobs == 1:
        children.start(arguments)
        return _status(children, hear)
    options = [argument for argument in arguments if argument.startswith("-")]
    if other := sorted(set(options) - ANY_ORDER):
        raise StudyError(
            f"{other[0]}: one cell after the other alone: give --jobs 1; several at once take "
            f"{', '.join(sorted(ANY_ORDER))}"
        )
    return _side_by_side(arguments, options, hear, jobs, children)


def _status(children: Children, hear: Hear) -> int:
    status = 0
    for told in children.events():
        status = told.get(EXIT, status)
        hear(told)
    return status


def _side_by_side(
    arguments: Sequence[str], options: Sequence[str], hear: Hear, jobs: int, children: Children
) -> int:
    plan: list[Mapping[str, Any]] = []
    children.start([PLAN, *arguments], silent=True)
    if status := _status(children, lambda told: plan.extend(told.get("plan", ()))):
        return status
    hear({"plan": plan})
    force = {"--force", "-f"} & set(options)
    schedule = Schedule(plan, [cell["cell"] for cell in plan if cell["stale"] or force])

    def begin() -> None:
        for kept in schedule.kept():
            hear({"ends": kept, "how": KEPT})
        while len(children.running) < jobs and (cell := schedule.next()):
            children.start([*options, "--single-item", cell])

    begin()
    for told in children.events():
        if "plan" in told:  # of a cell by itself
            continue
        status = status or told.get(EXIT, 0)
        if "ends" in told:
            schedule.ends(told["ends"], told["how"])
        hear(told)
        if EXIT in told and not status:
            begin()
    return status
