"""Which rows flipped between two versions: right in one of them and wrong in the other."""

import builtins
from typing import NamedTuple

import pandas as pd

from stages.analysis.columns import groups, records, same, select
from stages.comparison.sharing import BEHAVIOR, KEY, Shared
from stages.storage.tables import Row
from stages.study.arms import CROSS, FRESH_SELF, GIVEN, SELF, UNTRAINED
from stages.study.splits import rng

KINDS = (FRESH_SELF, CROSS, SELF, UNTRAINED, GIVEN)
"""whose rows are looked at; the baselines follow from the truths"""
CELL = ["target", "kind", "predictor", "task", "property"]


class CellFlips(NamedTuple):
    """How often the rows of an arm in one cell flipped."""

    target: str
    kind: str
    predictor: str
    task: str
    property: str
    to_right: int
    to_wrong: int
    rows: int

    @builtins.property  # a field has that name
    def flips(self) -> int:
        """Either way."""
        return self.to_right + self.to_wrong


class Flips(NamedTuple):
    """All that flipped, in cells that both versions use."""

    cells: list[CellFlips]
    """those in which a row flipped, the most first"""
    rows: int
    """how many rows were looked at"""
    behaviors: tuple[int, int]
    """how many of the things that targets did are others, and of how many"""
    sample: list[Row]
    """a few rows: KEY, and truth and answer in either version"""

    @property
    def to_right(self) -> int:
        """How many rows became right."""
        return sum(cell.to_right for cell in self.cells)

    @property
    def to_wrong(self) -> int:
        """How many rows became wrong."""
        return sum(cell.to_wrong for cell in self.cells)


def flips(both: Shared, sample: int, seed: int = 0) -> Flips:
    """The flips of what models and files answered; `sample` rows of them, drawn by their names."""
    used = both.used
    told = used.one[KEY].assign(
        was_right=used.one["correct"].astype(bool),
        is_right=used.other["correct"].astype(bool),
        old_truth=used.one["truth"],
        truth=used.other["truth"],
        old_answer=used.one["answer"],
        answer=used.other["answer"],
    )
    told = select(told, kind=KINDS)
    did = told.drop_duplicates(BEHAVIOR)
    others = int((~same(did["old_truth"], did["truth"])).sum())
    flipped = told[told["was_right"] != told["is_right"]]
    return Flips(_cells(told), len(told), (others, len(did)), _sample(flipped, sample, seed))


def _cells(told: pd.DataFrame) -> list[CellFlips]:
    found = []
    for names, rows in groups(told, *CELL):
        to_right = int((rows["is_right"] & ~rows["was_right"]).sum())
        to_wrong = int((rows["was_right"] & ~rows["is_right"]).sum())
        target, kind, predictor, task, name = map(str, names)
        counts = to_right, to_wrong, len(rows)
        found.append(CellFlips(target, kind, predictor, task, name, *counts))
    return sorted((cell for cell in found if cell.flips), key=lambda cell: -cell.flips)


def _sample(flipped: pd.DataFrame, size: int, seed: int) -> list[Row]:
    """The rows whose names come first in a drawn order; another version moves none of the rest."""
    rows = records(flipped)
    rows.sort(key=lambda row: rng(seed, "flips", *(str(row[name]) for name in KEY)).random())
    return rows[:size]
