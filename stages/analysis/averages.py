"""Means over score rows: by cell, macro (seeds, tasks, then properties) and pooled (by row).

A cell is one task and property. A row whose column is None has no value and counts nowhere.
"""

from collections.abc import Iterable
from statistics import fmean

from stages.storage.tables import Row
from stages.study.truth import Cell


def mean(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are there; None when there are none."""
    present = [value for value in values if value is not None]
    return fmean(present) if present else None


def cell_means(rows: Iterable[Row], column: str = "correct") -> dict[Cell, float]:
    """Mean of a column in each (task, property), cells in sorted order."""
    cells: dict[Cell, list[float]] = {}
    for row in rows:
        if row[column] is not None:
            cells.setdefault((row["task"], row["property"]), []).append(row[column])
    return {cell: fmean(cells[cell]) for cell in sorted(cells)}


def macro(rows: Iterable[Row], column: str = "correct") -> float | None:
    """Mean over seeds, tasks, the task's properties and rows, nested."""
    seeds: dict[int, list[Row]] = {}
    for row in rows:
        seeds.setdefault(row["seed"], []).append(row)
    return mean(_mean_of_tasks(found, column) for found in seeds.values())


def _mean_of_tasks(rows: list[Row], column: str) -> float | None:
    tasks: dict[str, list[float]] = {}
    for (task, _), value in cell_means(rows, column).items():
        tasks.setdefault(task, []).append(value)
    return mean(fmean(values) for values in tasks.values())


def pooled(rows: Iterable[Row], column: str = "correct") -> float | None:
    """Mean over rows, so that large cells weigh more (the average of the published figures)."""
    return mean(row[column] for row in rows)
