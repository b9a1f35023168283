"""The mean of a column over rows, and one arm's minus another's: each with its chance.

Means are macro: over targets, predictors, seeds, tasks, properties and rows, nested; or `pooled`:
over rows, so that large cells weigh more. Chance is clustered by input (intervals.py).
"""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.analysis.columns import codes, common_codes, group_codes, joint_codes
from stages.analysis.intervals import Estimate, Weigh, clustered_estimate, nested_weights
from stages.analysis.rule import Rule
from stages.storage.errors import StudyError

LEVELS = ("target", "predictor", "seed", "task", "property")
ABOUT = ("target", "seed", "task", "input_id", "property", "condition")
ASKED_TWICE = {"among_b_or_d": "among_a_or_c", "among_b_or_c": "among_a_or_d"}
"""property -> the one whose opposite it is, so that both together weigh as one property"""


class Measured(NamedTuple):
    """What an average is made of: values, their cells and inputs by numbers, where they differ."""

    values_N: np.ndarray
    levels_NL: np.ndarray
    inputs_N: np.ndarray
    differs_N: np.ndarray | None

    @classmethod
    def of(cls, rows: pd.DataFrame, column: str, differs: str | None = None) -> "Measured":
        """A column of some rows; those that have no value there do not count."""
        values_N = rows[column].to_numpy(dtype=float, na_value=np.nan)
        if np.isnan(values_N).any():
            rows = rows[~np.isnan(values_N)]
            values_N = values_N[~np.isnan(values_N)]
        differs_N = None if differs is None else rows[differs].to_numpy(dtype=float) != 0
        inputs_N = group_codes(rows, ("task", "input_id"))
        return cls(values_N, levels(rows), inputs_N, differs_N)

    def part(self, which_N: np.ndarray) -> "Measured":
        """Some of the rows."""
        differs_N = None if self.differs_N is None else self.differs_N[which_N]
        inputs_N = joint_codes([self.inputs_N[which_N]])
        return Measured(self.values_N[which_N], self.levels_NL[which_N], inputs_N, differs_N)

    def estimate(
        self, rule: Rule, weigh: Weigh = "macro", limit: float = 1.0, of_arm: bool = False
    ) -> Estimate:
        """The average with its chance, as `clustered_estimate` has it."""
        values_N, levels_NL, inputs_N, differs_N = self
        return clustered_estimate(
            values_N,
            levels_NL,
            inputs_N,
            rule,
            weigh,
            differs_N=differs_N,
            limit=limit,
            of_arm=of_arm,
        )


def accuracy(
    rows: pd.DataFrame, rule: Rule, column: str = "correct", weigh: Weigh = "macro"
) -> Estimate:
    """The mean of a rate with its interval; rows that have no value there do not count."""
    return Measured.of(rows, column).estimate(rule, weigh)


def means(rows: pd.DataFrame, rule: Rule, *columns: str) -> dict[str, float | None]:
    """The macro mean of each column and no more, which takes a small part of the time."""
    levels_NL = levels(rows)
    cells_N = joint_codes(list(levels_NL.T))
    levels_CL = levels_NL[np.unique(cells_N, return_index=True)[1]]
    found: dict[str, float | None] = {}
    for column in columns:
        values_N = rows[column].to_numpy(dtype=float, na_value=np.nan)
        there_N = ~np.isnan(values_N)
        sizes_C = np.bincount(cells_N, there_N, len(levels_CL))
        sums_C = np.bincount(cells_N, np.where(there_N, values_N, 0), len(levels_CL))
        kept_C = sizes_C >= max(rule.min_cell_rows, 1)
        weights_C = nested_weights(levels_CL[kept_C])
        mean = float(weights_C @ (sums_C[kept_C] / sizes_C[kept_C]))
        found[column] = mean if kept_C.any() else None
    return found


def average(
    rows: pd.DataFrame,
    rule: Rule,
    column: str,
    weigh: Weigh = "macro",
    differs: str | None = None,
    limit: float = 1.0,
) -> Estimate:
    """The same of a column of differences, with what speaks against a mean of zero.

    `differs` is a column that says where what is compared differs: without it where it is not 0.
    The mean is from -limit to limit: 1 of a difference of rates, 2 of two such differences.
    """
    return Measured.of(rows, column, differs or column).estimate(rule, weigh, limit)


def mean(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are there; None when there are none."""
    present = [value for value in values if value is not None]
    return fmean(present) if present else None


def corrected_accuracy(rows: pd.DataFrame, rule: Rule) -> Estimate:
    """The mean of accuracy less what is dealt out, of one arm whose rows are `with_dealt_out`."""
    return Measured.of(rows, "corrected", "varies").estimate(rule, of_arm=True)


def difference(
    own: pd.DataFrame,
    other: pd.DataFrame,
    rule: Rule,
    column: str = "correct",
    *,
    by: Sequence[str] = (),
    limit: float = 1.0,
) -> Estimate:
    """The mean of a column in `own` minus that in `other`, on what both predicted."""
    return average(paired(own, other, column, by=by), rule, "minus", limit=limit)


def paired(
    own: pd.DataFrame, other: pd.DataFrame, column: str = "correct", *, by: Sequence[str] = ()
) -> pd.DataFrame:
    """The rows of `other` about what `own` has a row about, too, each with the two values.

    Rows are about the same where target, seed, task, input, property, the columns `by` and, where
    both have it, condition are. Added are the columns `own` and `other`, and their difference
    `minus`. Raises StudyError where several rows in `own` are about the same.
    """
    about = [*by, *(name for name in ABOUT if name in own and name in other)]
    own_N, other_N = _common_keys(own, other, about)
    keys = pd.Index(own_N)
    if not keys.is_unique:
        row = own[keys.duplicated()].iloc[0]
        which = ", ".join(f"{name} {row[name]}" for name in about)
        raise StudyError(f"several rows that are to be paired are about the same: {which}")
    places = keys.get_indexer(pd.Index(other_N))
    found = other[places >= 0]
    values = own[column].to_numpy(dtype=float, na_value=np.nan)[places[places >= 0]]
    others = found[column].to_numpy(dtype=float, na_value=np.nan)
    return found.assign(own=values, other=others, minus=values - others)


def levels(rows: pd.DataFrame) -> np.ndarray:
    """The cell of each row by numbers from the outermost level to the innermost.

    What is asked twice is a level of its own above properties.
    """
    *outer, property_N = (codes(rows[name]) for name in LEVELS)
    names = rows["property"].astype("category").cat
    once = [ASKED_TWICE.get(name, name) for name in names.categories]
    question_N = np.unique(once, return_inverse=True)[1][names.codes.to_numpy()]
    return np.stack([*outer, question_N, property_N], axis=1)


def _common_keys(
    own: pd.DataFrame, other: pd.DataFrame, names: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """A number for each combination of values, the same in both tables."""
    keys = np.zeros(len(own), dtype=np.int64), np.zeros(len(other), dtype=np.int64)
    for name in names:
        one_N, two_N = common_codes(own[name], other[name])
        size = max(one_N.max(initial=0), two_N.max(initial=0)) + 2
        keys = keys[0] * size + one_N + 1, keys[1] * size + two_N + 1
    return keys
