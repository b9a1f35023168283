"""The published formulas for a change of behavior (arXiv 2410.13787): what moved, and what is kept.

Rows are those of task, string, property, answer and compliant, before the change and after it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stages.published.accuracies import BOOTSTRAP_SEED, as_compared
from stages.study.splits import rng

Row = Mapping[str, Any]
PLACE = ["task", "string", "property"]
SLOT = ["task", "property", "value"]
CATEGORIES = 100  # most common answers of a cell that the entropy adjustment looks at


def moved(before: Sequence[Row], after: Sequence[Row]) -> dict[str, list[str]]:
    """Strings whose behavior shifted, stayed the same, or did not comply on either side."""
    old = {(r["task"], r["string"], r["property"]): r for r in before}
    found: dict[str, list[str]] = {"shifted": [], "same": [], "not_compliant": []}
    for row in after:
        other = old.get((row["task"], row["string"], row["property"]))
        if other is None:
            continue
        if not (row.get("compliant", True) and other.get("compliant", True)):
            found["not_compliant"].append(row["string"])
        else:
            same = as_compared(row["answer"]) == as_compared(other["answer"])
            found["same" if same else "shifted"].append(row["string"])
    return found


def entropy_adjusted(
    before: pd.DataFrame, after: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables cut so that each common answer of a cell is as frequent in both.

    Of the strings that both have, min(count before, count after) rows of each of the 100 most
    common answers before stay, drawn by (seed 42, task, string, property). The order of rows is
    that of the draw; a row keeps its index.
    """
    places = [pd.MultiIndex.from_frame(table[PLACE]) for table in (before, after)]
    common = places[0].intersection(places[1]).unique()
    draws = pd.Series([_draw(*place) for place in common], index=common, dtype=float)
    tables = [
        table[place.isin(common)].assign(
            value=lambda own: own["answer"].map(as_compared),
            draw=draws.reindex(place[place.isin(common)]).to_numpy(),
        )
        for table, place in zip((before, after), places, strict=True)
    ]
    room = _room(*tables)
    return _fill(tables[0], room), _fill(tables[1], room)


def _room(before: pd.DataFrame, after: pd.DataFrame) -> pd.Series:
    """How many rows of each common answer of each cell may stay."""
    counts = [table.groupby(SLOT, sort=False, observed=True).size() for table in (before, after)]
    usual = counts[0].sort_values(ascending=False, kind="stable")  # on ties the first met
    usual = usual[usual.groupby(level=SLOT[:2], observed=True).cumcount() < CATEGORIES]
    return usual.clip(upper=counts[1].reindex(usual.index, fill_value=0))


def _fill(table: pd.DataFrame, room: pd.Series) -> pd.DataFrame:
    """The first rows by their draw, as many of each answer as there is room for."""
    drawn = table.sort_values("draw", kind="stable")
    taken = drawn.groupby(SLOT, sort=False, observed=True).cumcount().to_numpy()
    slots = pd.MultiIndex.from_frame(drawn[SLOT])
    kept = taken < room.reindex(slots, fill_value=0).to_numpy()
    return drawn[kept].drop(columns=["value", "draw"])


def _draw(task: str, string: str, name: str) -> float:
    return rng(BOOTSTRAP_SEED, "entropy", task, string, name).random()
