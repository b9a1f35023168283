"""By which pairs of arms the rows of the browser can be chosen, and how many rows that leaves."""

from typing import Any

from stages.reporting.page.rows import ANSWERS, RIGHT, USED
from stages.reporting.palette import arm_name
from stages.storage.tables import Row

COMPARED = (("self", "cross"), ("fresh_self", "cross"), ("cross", "self"), ("cross", "fresh_self"))
"""right, wrong: pairs of arms by which rows can be chosen"""


def choices(found: Row) -> Row:
    """Of `browsed`: `compare` has the choices and their names, `counts` the rows of each pair."""
    kinds = [arm["kind"] for arm in found["arms"]]
    return {"compare": _compare(set(kinds)), "counts": _counts(found["rows"], kinds)}


def _compare(kinds: set[str]) -> list[tuple[str, str]]:
    """The choices of rows by what arms said, and their names."""
    pairs = [
        (f"{right}>{wrong}", f"{arm_name(right)} is right and {arm_name(wrong)} wrong")
        for right, wrong in COMPARED
        if {right, wrong} <= kinds
    ]
    return [*pairs, ("differ", "they say different things"), ("same", "all say the same")]


def _counts(rows: list[list[Any]], kinds: list[str]) -> dict[str, int]:
    """How many rows of used cells each choice of a right and a wrong arm leaves."""
    return {
        f"{right}>{wrong}": sum(
            RIGHT in _marks(row, kinds.index(right))
            and bool(_marks(row, kinds.index(wrong)) - {RIGHT})
            for row in rows
            if row[USED]
        )
        for right, wrong in COMPARED
        if {right, wrong} <= set(kinds)
    }


def _marks(row: list[Any], arm: int) -> set[int]:
    return {mark for _, _, mark in row[ANSWERS][arm] or []}
