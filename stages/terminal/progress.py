"""One line for each cell that ran: how long it took, and how long the rest will take.

The rest is taken from the last times of its cells, else from other cells of the same stage. This
run may be of another size, on another machine, or answered by the caches: so what its cells take is
set against their last times, more and more as it goes on.
"""

from collections.abc import Callable, Iterable, Mapping
from statistics import fmean
from typing import Any

from stages.terminal.events import FAILED, KEPT, RAN, RESTORED

PRIOR = 0.1  # of the expected time of all: how much has to run until what is seen counts half
ENDED = {RAN: "ran", RESTORED: "were restored by dvc", KEPT: "were up to date", FAILED: "failed"}


class Progress:
    """Follows the events of a run; `known` are the last times in seconds by cell.

    Up to `jobs` cells run at once. `took` has those of the cells that ran now.
    """

    def __init__(
        self, known: Mapping[str, float], clock: Callable[[], float], jobs: int = 1
    ) -> None:
        self.known, self.clock, self.jobs = dict(known), clock, jobs
        self.took: dict[str, float] = {}
        self.order: list[str] = []
        self.needs: dict[str, list[str]] = {}
        self.waiting: dict[str, bool] = {}  # cell -> whether it is expected to run
        self.counts: dict[str, int] = {}  # how a cell ended -> how many did
        self.begun: dict[str, float] = {}
        self.started = clock()
        self.whole = 0.0

    def hear(self, event: Mapping[str, Any]) -> str | None:
        """The line about an event, where there is one."""
        if "plan" in event:
            self._plan(event["plan"])
        elif "begins" in event:
            self.begun[event["begins"]] = self.clock()
        elif event.get("ends") in self.needs:
            return self._ended(event["ends"], event["how"])
        return None

    def left(self) -> tuple[float | None, int]:
        """Seconds that the cells still take, None where nothing is known; cells of unknown time."""
        expected = {cell: self._expected(cell) for cell, runs in self.waiting.items() if runs}
        known = {cell: seconds for cell, seconds in expected.items() if seconds is not None}
        unknown = len(expected) - len(known)
        if not known:
            return (None if unknown else 0.0), unknown
        ends: dict[str, float] = {}  # at the earliest, where nothing waits for a turn
        for cell in self.order:
            if cell in known:
                needed = (ends.get(other, 0.0) for other in self.needs[cell])
                ends[cell] = known[cell] + max(needed, default=0.0)
        return max(sum(known.values()) / self.jobs, *ends.values()) * self._pace(), unknown

    def summary(self) -> str:
        """What became of all cells."""
        told = ", ".join(f"{self.counts[how]} {ENDED[how]}" for how in ENDED if how in self.counts)
        return f"{_cells(len(self.order))}: {told}; {duration(self.clock() - self.started)} in all"

    def _plan(self, cells: Iterable[Mapping[str, Any]]) -> None:
        """All cells in their order; those that lack an out, and those that need them, will run."""
        for cell in cells:
            name, needs = cell["cell"], cell["needs"]
            self.order.append(name)
            self.needs[name] = needs
            self.waiting[name] = cell["stale"] or any(map(self.waiting.get, needs))
        self.whole = sum(self.known.get(cell, 0.0) for cell, runs in self.waiting.items() if runs)

    def _ended(self, cell: str, how: str) -> str | None:
        self.waiting.pop(cell, None)
        self.counts[how] = self.counts.get(how, 0) + 1
        if how == KEPT:
            return None
        took = self.clock() - self.begun.get(cell, self.clock())
        if how == RAN:
            self.took[cell] = took
            self._follow(cell)
        where = f"{self.order.index(cell) + 1}/{len(self.order)} {cell}"
        if how == FAILED:
            return f"{where}: failed after {duration(took)}"
        return f"{where}: {duration(took)}; {self._rest()}"

    def _follow(self, cell: str) -> None:
        """Expect what needs a cell that ran to run, too."""
        ran = {cell}
        for other in self.order:
            if other in self.waiting and ran.intersection(self.needs[other]):
                ran.add(other)
                self.waiting[other] = True

    def _rest(self) -> str:
        seconds, unknown = self.left()
        if seconds is None:
            return f"{_cells(unknown)} to go, whose time is not known yet"
        more = f", and {_cells(unknown)} whose time is not known yet" if unknown else ""
        if not seconds and not unknown:
            return "nothing left to run"
        return f"about {duration(seconds)} left{more}"

    def _expected(self, cell: str) -> float | None:
        """The last time of a cell, else that of cells of its stage."""
        times = self.known | self.took
        if cell in times:
            return times[cell]
        stage = cell.partition("@")[0]
        alike = [took for other, took in times.items() if other.partition("@")[0] == stage]
        return fmean(alike) if alike else None

    def _pace(self) -> float:
        """How long this run's cells take, where those of the last run took 1."""
        again = [cell for cell in self.took if cell in self.known]
        before = sum(self.known[cell] for cell in again) + PRIOR * self.whole
        now = sum(self.took[cell] for cell in again) + PRIOR * self.whole
        return now / before if before else 1.0


def _cells(count: int) -> str:
    return f"{count} cell{'s' if count != 1 else ''}"


def duration(seconds: float) -> str:
    """5 s, 3 min 12 s, 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min"
