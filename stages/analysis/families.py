"""Exploratory comparisons that are made together, with p-values corrected for their number.

A family is what one table compares: the gap by task, by property or on parts of the rows, of all
targets or of one; and all that an experiment compares. The primary comparison is in none.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from statsmodels.stats.multitest import multipletests

from stages.analysis.rounding import DECIMALS
from stages.storage.tables import Row

HALF = 0.5 * 10.0**-DECIMALS  # what rounding may have taken off a p-value


def holm(p_values: Mapping[str, float | None]) -> dict[str, float]:
    """p-values corrected for their number (Holm 1979, SJS 6); those that are None do not count."""
    tested = {name: p for name, p in p_values.items() if p is not None}
    if not tested:
        return {}
    corrected = multipletests(list(tested.values()), method="holm")[1]
    return dict(zip(tested, map(float, corrected), strict=True))


def by_family(rows: Sequence[Row], column: str) -> list[Row]:
    """The rows with `p_holm`; those that have one value in the column are a family."""
    found = [dict(row) for row in rows]
    for value in {row[column] for row in found}:
        _correct([row for row in found if row[column] == value])
    return found


def as_one_family(numbers: Row) -> Row:
    """The numbers of an experiment with `p_holm` beside each p-value, however deep it lies."""
    found = deepcopy(numbers)
    _correct(list(_compared(found)))
    return found


def _compared(numbers: Any) -> Iterator[Row]:
    if isinstance(numbers, dict):
        if "p_value" in numbers:
            yield numbers
        numbers = list(numbers.values())
    if isinstance(numbers, list):
        for item in numbers:
            yield from _compared(item)


def _correct(rows: Sequence[Row]) -> None:
    """Adds p_holm, of p-values that are as large as they may have been before they were rounded."""
    found = {str(n): row.get("p_value") for n, row in enumerate(rows)}
    tested = {n: p if p is None else min(p + HALF, 1.0) for n, p in found.items()}
    for n, corrected in holm(tested).items():
        rows[int(n)]["p_holm"] = round(corrected, DECIMALS)
