"""How often intervals and p-values are right, on simulated score tables whose truth is known.

`python -m stages.simulation` prints what docs/method.md shows. The rows of many tables are dealt
out and paired at once; each table's estimate is then made as evaluate makes it.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import NamedTuple

import numpy as np

from stages.analysis.averages import Measured
from stages.analysis.columns import select
from stages.analysis.dealt import with_dealt_out
from stages.analysis.intervals import Estimate, Method
from stages.analysis.primary import corrected_pairs
from stages.analysis.rule import Rule
from stages.analysis.simulated import Of, Setting, simulated
from stages.study.arms import FRESH_SELF

CONFIDENCE = 0.95
ROWS = 400_000  # of one arm, at once
SLACK = 1e-12  # what is true is a sum, too
FEW = 100  # intervals or p-values, of fewer of which a share says little


class Estimates(NamedTuple):
    """What the tables of a setting gave, and what is true of the cells that count."""

    found: list[Estimate]
    true: float | None


def simulate(of: Of, setting: Setting, numbers: Sequence[int], rule: Rule) -> Estimates:
    """What evaluate would say of each of the tables with these numbers."""
    step = max(1, ROWS // int(setting.sizes_C.sum()))
    parts = [
        _estimates(of, setting, numbers[start : start + step], rule)
        for start in range(0, len(numbers), step)
    ]
    return Estimates([one for part in parts for one in part.found], parts[0].true)


def _estimates(of: Of, setting: Setting, numbers: Sequence[int], rule: Rule) -> Estimates:
    rows = simulated(setting, rule.seed, numbers)
    cells_N, true_C = rows.pop("cell").to_numpy(), setting.true_C(of)
    rows = rows.assign(true=true_C[cells_N])
    if of in ("accuracy", "corrected"):
        rows = with_dealt_out(select(rows, kind=FRESH_SELF))
        column, differs, limit = "correct", None, 1.0
        if of == "corrected":
            column, differs = "corrected", "varies"
    else:
        rows = corrected_pairs(rows)
        column, differs, limit = ("raw", "raw", 1.0) if of == "gap" else ("minus", "varies", 2.0)
    rows = rows.dropna(subset=column)  # a row alone in its cell has nothing dealt out
    whole, true = Measured.of(rows, column, differs), Measured.of(rows, "true")
    order_N = np.argsort(rows["seed"].to_numpy(), kind="stable")
    number_N = rows["seed"].to_numpy()[order_N]
    parts = np.split(order_N, np.flatnonzero(np.diff(number_N)) + 1)
    by_number = {}
    for number, part_N in zip(np.unique(number_N).tolist(), parts, strict=True):
        own = replace(rule, seed=number)  # so that tables differ in their permutations, too
        one = whole.part(part_N)
        by_number[number] = one.estimate(own, limit=limit, of_arm=of == "corrected")
    return Estimates(
        [by_number[number] for number in numbers], true.part(parts[0]).estimate(rule).estimate
    )


def methods(found: Sequence[Estimate]) -> list[Method | None]:
    """How intervals were made; None alone where no table has one."""
    named: list[Method | None] = [*sorted({one.method for one in found if one.method})]
    return named or [None]


def rates(of: Estimates, method: Method | None) -> dict[str, float | None]:
    """How many tables have an interval of this method; of these, how many cover what is true.

    `naive_coverage` is that of intervals that take rows for independent, `p_under_0.05` the share
    among the p-values that come with the method. `p_permutation_under_0.05` is that among all
    permutation p there are. None where there are fewer than FEW.
    """
    given = [one for one in of.found if method and one.method == method]
    return {
        "given": len(given) / len(of.found),
        "coverage": _share([_hold(one.ci_low, of.true, one.ci_high) for one in given]),
        "naive_coverage": _share([_hold(one.naive_low, of.true, one.naive_high) for one in given]),
        "p_under_0.05": _share([_small(one.p_value) for one in given]),
        "p_permutation_under_0.05": _share([_small(one.p_permutation) for one in of.found]),
    }


def _hold(low: float | None, true: float | None, high: float | None) -> bool | None:
    if low is None or true is None or high is None:
        return None
    return low - SLACK <= true <= high + SLACK


def _small(p: float | None) -> bool | None:
    return None if p is None else p < 1 - CONFIDENCE


def _share(found: Sequence[bool | None]) -> float | None:
    there = [one for one in found if one is not None]
    return fmean(there) if len(there) >= FEW else None
