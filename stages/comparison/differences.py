"""How the headline numbers of two versions differ, on the rows that both have.

Each number is made on these rows as evaluate makes it, of either version; its change is averaged
row by row, with the machinery of every other difference: the same macro-average, errors clustered
by input. Cells count that both versions use; drift is over all, as in metrics/summary.json.
Array suffix: N rows.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.analysis.averages import Measured
from stages.analysis.baselines import OWN_BEHAVIOR
from stages.analysis.behaviors import own_rows
from stages.analysis.columns import codes, group_codes, joint_codes, modes, same, select
from stages.analysis.families import holm
from stages.analysis.intervals import Estimate
from stages.analysis.primary import balanced, corrected_pairs, counted
from stages.analysis.rule import Rule
from stages.analysis.summary import gap_pairs
from stages.comparison.sharing import BEHAVIOR, Shared
from stages.study.arms import CROSS, FRESH_SELF, SELF

PAIR = ["predictor", *BEHAVIOR]


class Change(NamedTuple):
    """One number on shared rows: `change` of each, where it can `differ`, and its limits."""

    rows: pd.DataFrame
    limit: float
    macro: bool = True
    """else the mean over targets of that over rows"""

    @property
    def measured(self) -> Measured:
        """What the mean change is made of."""
        if self.macro:
            return Measured.of(self.rows, "change", "differs")
        values_N = self.rows["change"].to_numpy(dtype=float)
        targets_N = codes(self.rows["target"])
        inputs_N = group_codes(self.rows, ("task", "input_id"))
        return Measured(values_N, targets_N[:, None], inputs_N, values_N != 0)

    def estimate(self, rule: Rule) -> Estimate:
        """The mean change with its chance."""
        return self.measured.estimate(rule, limit=self.limit)


class Difference(NamedTuple):
    """What a number is in the newer version less what it is in the older one, on shared rows."""

    estimate: Estimate
    p_holm: float | None
    """corrected for the number of headline numbers that are compared"""

    def is_beyond_chance(self, rule: Rule) -> bool:
        """Whether it is told from chance although several numbers are looked at."""
        return self.p_holm is not None and self.p_holm < 1 - rule.confidence


def differences(both: Shared, rule: Rule) -> dict[str, Difference]:
    """Of each headline number that shared rows tell; Holm's p beside each p, of them all."""
    found = {name: change.estimate(rule) for name, change in changes(both, rule).items()}
    corrected = holm({name: estimate.p_value for name, estimate in found.items()})
    return {name: Difference(of, corrected.get(name)) for name, of in found.items()}


def changes(both: Shared, rule: Rule) -> dict[str, Change]:
    """The change of each number, row by row; numbers without shared rows are absent."""
    used = both.used
    found = {
        **dict(_of_pairs(used, rule)),
        FRESH_SELF: _of_arm(used, FRESH_SELF),
        CROSS: _of_arm(used, CROSS),
        "mode": _of_modes(used),
        SELF: _of_arm(used, SELF),
        "gap": _changed(gap_pairs(used.one), gap_pairs(used.other), "minus", 2.0),
        "drift": _of_drift(both),
    }
    return {name: change for name, change in found.items() if len(change.rows)}


def _changed(
    one: pd.DataFrame,
    other: pd.DataFrame,
    column: str,
    limit: float,
    differs: pd.Series | None = None,
    macro: bool = True,
) -> Change:
    """The change of a column of rows that fit, place by place."""
    change_N = other[column].to_numpy(dtype=float) - one[column].to_numpy(dtype=float)
    differs_N = change_N != 0 if differs is None else differs.to_numpy(dtype=bool)
    return Change(one.assign(change=change_N, differs=differs_N), limit, macro)


def _of_arm(used: Shared, kind: str) -> Change:
    one, other = select(used.one, kind=kind), select(used.other, kind=kind)
    return _changed(one, other, "correct", 1.0)


def _of_modes(used: Shared) -> Change:
    """How often the most common value is right, on what each target did, once each."""
    one, other = (_with_mode(own_rows(rows)) for rows in (used.one, used.other))
    return _changed(one, other, "mode_correct", 1.0)


def _with_mode(rows: pd.DataFrame) -> pd.DataFrame:
    commonest = modes(rows, "truth", by=["target", "predictor", "seed", "task", "property"])
    return rows.assign(mode_correct=same(commonest, rows["truth"]))


def _of_pairs(used: Shared, rule: Rule) -> Iterator[tuple[str, Change]]:
    """The primary comparison, corrected and raw, over all targets.

    Where an answer or a truth is another, what is dealt out may be another in the whole cell: so
    the pairs that can differ are those.
    """
    one, other = corrected_pairs(used.one), corrected_pairs(used.other)
    moved = used.one[_moved(used)]
    differs = pd.Series(_is_among(one, moved, PAIR, CROSS))
    differs |= _is_among(one, moved, BEHAVIOR, FRESH_SELF)
    kept = balanced(counted(one.assign(place=range(len(one))), rule))
    at_N = kept["place"].to_numpy(dtype=np.int64)
    one, other, differs = one.iloc[at_N], other.iloc[at_N], differs.iloc[at_N]
    yield "primary", _changed(one, other, "minus", 4.0, differs)
    yield "primary_raw", _changed(one, other, "raw", 2.0)


def _moved(used: Shared) -> np.ndarray:
    """Which shared rows have another answer or another truth."""
    one, other = used.one, used.other
    stayed = same(one["truth"], other["truth"])
    stayed &= same(one["answer"], other["answer"]) | (one["answer"].isna() & other["answer"].isna())
    return ~stayed.to_numpy(dtype=bool)


def _is_among(pairs: pd.DataFrame, moved: pd.DataFrame, names: list[str], kind: str) -> np.ndarray:
    """Which pairs are about the same, by some columns, as one of the rows of a kind."""
    wanted = select(moved, kind=kind)
    both = joint_codes(
        [codes(pd.concat([pairs[name], wanted[name]], ignore_index=True)) for name in names]
    )
    return np.isin(both[: len(pairs)], both[len(pairs) :])


def _of_drift(both: Shared) -> Change:
    """Which values training changed: those of M1 that are not what M did, where it did anything."""
    told = both.one[["kind", *BEHAVIOR]].assign(
        **{name: rows["truth"] for name, rows in (("one", both.one), ("other", both.other))}
    )
    did = both.one[BEHAVIOR].assign(was=both.one["answer"], now=both.other["answer"])
    is_own = both.one["kind"].eq(OWN_BEHAVIOR) & both.one["predictor"].eq(both.one["target"])
    rows = select(told, kind=SELF).merge(did[is_own], on=BEHAVIOR, validate="one_to_one")
    rows = rows[rows["was"].notna() & rows["now"].notna()]
    moved = {"one": ~same(rows["was"], rows["one"]), "other": ~same(rows["now"], rows["other"])}
    rows = rows.assign(**moved)
    return _changed(rows, rows.assign(one=rows["other"]), "one", 1.0, macro=False)
