"""The primary comparison: the fresh-label self minus cross, both corrected by what is dealt out.

Both were taught the same questions, labels and lessons about the target; each rehearses its own
answers beside them. What either favors is taken off. What is left says that the target's own base
predicts it better than another base does. Compared are rows that both answered; answers are dealt
out among these. Over all targets it is the mean over the cells that count for each of them: there a
model that predicts everybody better is once the target's own base and once the other, and so no
part of it. It is chosen before any result: by the order of lessons and by what a constant answer is
worth, not by what it shows.
Array suffix: N rows.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.averages import average, paired
from stages.analysis.columns import group_codes, groups, select, together
from stages.analysis.dealt import with_dealt_out
from stages.analysis.intervals import Estimate
from stages.analysis.rule import Rule
from stages.analysis.spreads import spread_over
from stages.study.arms import CROSS, FRESH_SELF
from stages.study.design import Design

FEWEST_CELLS, FEWEST_TASKS, FEWEST_INPUTS = 3, 2, 60
"""what a target needs for a number of its own, and to be among those that are averaged"""
CELL = ["predictor", "seed", "task", "property"]


def primary(rows: pd.DataFrame, rule: Rule, design: Design) -> dict[str, Any]:
    """The comparison of informative score rows, as `against` has it."""
    return against(rows, rule, design, FRESH_SELF, CROSS)


def against(rows: pd.DataFrame, rule: Rule, design: Design, own: str, other: str) -> dict[str, Any]:
    """What one kind of arm is ahead of another by, over all targets, and by target or why not.

    `corrected` and `raw` are estimates; `seeds` and `tasks` say how the corrected one differs
    between them, `agree` whether both have one sign: only then is it an advantage of either side.
    Beside them stands how many `cells` are compared, of a target, or those that all share, and of
    a target how many `tasks` they are of.
    """
    pairs = counted(corrected_pairs(rows, own, other), rule)
    targets: dict[str, Any] = {}
    for target in design.subjects:
        about = select(pairs, target=target)
        counts = {"cells": _cells(about), "tasks": about["task"].nunique()}
        reason = too_little(about)
        targets[target] = ({"reason": reason} if reason else _estimates(about, rule)) | counts
    every = balanced(pairs)
    spreads = {f"{level}s": spread_over(every, rule, level, 2.0) for level in ("seed", "task")}
    return _estimates(every, rule) | spreads | {"cells": _cells(every), "targets": targets}


def balanced(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs that count over all targets: of cells that each target with a number has.

    None where those cells are too few for a number.
    """
    names = pairs["target"].unique()
    kept = select(pairs, target=[t for t in names if not too_little(select(pairs, target=t))])
    shared = in_shared_cells(kept)
    return shared[:0] if too_little(shared) else shared


def in_shared_cells(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs of tasks and properties in which there are some about every target of them."""
    about_N = pairs.groupby(["task", "property"], observed=True)["target"].transform("nunique")
    return pairs[about_N == pairs["target"].nunique()]


def corrected_pairs(rows: pd.DataFrame, own: str = FRESH_SELF, other: str = CROSS) -> pd.DataFrame:
    """The rows of kind `other` about what `own` predicted, too: `minus` is of corrected values.

    `raw` is the difference of what is right, `varies` where an answer of either is not the most
    common one of its cell.
    """
    found = list(_of_predictors(select(rows, kind=own), select(rows, kind=other)))
    if found:
        return together(found)
    return rows[:0].assign(own=0.0, other=0.0, minus=0.0, raw=0.0, varies=False)


def _of_predictors(ours: pd.DataFrame, crosses: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for _, theirs in groups(crosses, "predictor"):
        one = with_dealt_out(paired(theirs, ours))
        two = with_dealt_out(paired(ours, theirs))
        found = paired(one, two, "corrected")
        varies = paired(one, two, "varies")
        yield found.assign(
            raw=paired(one, two)["minus"], varies=varies["own"].gt(0) | varies["other"].gt(0)
        )


def counted(rows: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Pairs, or rows of one arm, in cells of enough of them."""
    cells_N = group_codes(rows, ["target", *CELL])
    kept_N = np.bincount(cells_N, minlength=1)[cells_N] >= rule.min_cell_rows
    return rows if kept_N.all() else rows[kept_N]


def too_little(pairs: pd.DataFrame) -> str | None:
    """Why the pairs about a target carry no number; None where they do."""
    tasks, inputs = pairs["task"].nunique(), pairs["input_id"].nunique()
    for count, fewest, what in (
        (_cells(pairs), FEWEST_CELLS, "cells"),
        (tasks, FEWEST_TASKS, "tasks"),
        (inputs, FEWEST_INPUTS, "inputs"),
    ):
        if count < fewest:
            return f"{count} {what} are compared; {fewest} are needed"
    return None


def _cells(pairs: pd.DataFrame) -> int:
    return len(pairs[["task", "property"]].drop_duplicates())


def _estimates(pairs: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    corrected = average(pairs, rule, "minus", differs="varies", limit=2)
    raw = average(pairs, rule, "raw")
    return {
        "corrected": corrected._asdict(),
        "raw": raw._asdict(),
        "agree": _agree(corrected, raw),
    }


def _agree(corrected: Estimate, raw: Estimate) -> bool | None:
    if corrected.estimate is None or raw.estimate is None:
        return None
    return corrected.estimate * raw.estimate > 0


def headline(found: Mapping[str, Any]) -> dict[str, float | None]:
    """The numbers of metrics/summary.json about it."""
    corrected = found["corrected"]
    return {
        "primary": corrected["estimate"],
        "primary_low": corrected["ci_low"],
        "primary_high": corrected["ci_high"],
        "primary_p": corrected["p_value"],
        "primary_raw": found["raw"]["estimate"],
    }
