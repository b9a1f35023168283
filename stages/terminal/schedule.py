"""Which cell may run next: one whose needs have ended, and that something made out of date."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from stages.terminal.events import FAILED, KEPT


class Schedule:
    """Cells in the order of a plan (stages/terminal/events.py); `stale` are out of date by now.

    A cell may also become out of date by what it needs, where that ran or was restored.
    """

    def __init__(self, plan: Iterable[Mapping[str, Any]], stale: Collection[str]) -> None:
        needs = {cell["cell"]: set(cell["needs"]) for cell in plan}
        self.needs = {cell: of.intersection(needs) for cell, of in needs.items()}
        self.stale = set(stale)
        self.begun: set[str] = set()
        self.ended: set[str] = set()

    def kept(self) -> Iterator[str]:
        """Cells that are up to date as nothing that they need was made anew; they end so."""
        for cell in self.needs:  # what a cell needs stands before it
            if cell not in self.begun | self.stale and self.needs[cell] <= self.ended:
                self.begun.add(cell)
                self.ends(cell, KEPT)
                yield cell

    def next(self) -> str | None:
        """The first cell that can run, which begins; None where each waits for another."""
        for cell in self.needs:
            if cell not in self.begun and cell in self.stale and self.needs[cell] <= self.ended:
                self.begun.add(cell)
                return cell
        return None

    def ends(self, cell: str, how: str) -> None:
        """A cell ended; what was made anew is a reason to look at the cells that need it."""
        if how == FAILED:
            return
        self.ended.add(cell)
        if how != KEPT:
            self.stale |= {other for other, needs in self.needs.items() if cell in needs}
