"""How often intervals and p-values are right, on simulated score tables whose true gap is known.

`python -m stages.simulation` prints what docs/method.md shows.
"""

from collections.abc import Iterable, Sequence
from statistics import NormalDist, fmean

import numpy as np
import pandas as pd

from stages.analysis.averages import average
from stages.analysis.intervals import Estimate
from stages.analysis.rule import Rule
from stages.study.splits import rng

TASKS, INPUTS, PROPERTIES = 3, 40, 6
SHARED = 0.6  # correlation of the properties of one input, on the probit scale
PAIRED = 0.4  # correlation of self and cross on one input, likewise
CONFIDENCE = 0.95


def simulated_gaps(random: np.random.Generator, gap: float) -> pd.DataFrame:
    """Self `minus` cross on the rows of one table; the true macro gap is `gap`.

    Rows are right where a normal variable falls under the cell's threshold, so a cell's accuracy
    is known exactly, however strongly the rows of one input and its two predictors hang together.
    Cells differ in accuracy, and later properties miss more rows, as truths that do not comply do.
    """
    normal = NormalDist()
    columns: list[list[np.ndarray]] = [[], [], [], []]
    for task in range(TASKS):
        common = random.normal(size=INPUTS)
        inputs = {
            arm: PAIRED**0.5 * common + (1 - PAIRED) ** 0.5 * random.normal(size=INPUTS)
            for arm in ("self", "cross")
        }
        for name in range(PROPERTIES):
            cross = 0.15 + 0.6 * (task * PROPERTIES + name) / (TASKS * PROPERTIES)
            right = {
                arm: SHARED**0.5 * inputs[arm] + (1 - SHARED) ** 0.5 * random.normal(size=INPUTS)
                < normal.inv_cdf(accuracy)
                for arm, accuracy in (("self", cross + gap), ("cross", cross))
            }
            there = np.flatnonzero(random.random(INPUTS) >= 0.05 * name)
            minus = right["self"].astype(float) - right["cross"]
            cell = np.full(len(there), task), np.full(len(there), name)
            for column, values in zip(columns, (*cell, there, minus[there]), strict=True):
                column.append(values)
    rows = pd.DataFrame(
        {
            name: np.concatenate(values)
            for name, values in zip(("task", "property", "input_id", "minus"), columns, strict=True)
        }
    )
    return rows.assign(target=0, predictor=0, seed=0)


def simulate(gap: float, numbers: Iterable[int], rule: Rule) -> list[Estimate]:
    """The estimate from each of the tables with these numbers, with the true gap `gap`."""
    return [
        average(
            simulated_gaps(
                np.random.default_rng(rng(rule.seed, "table", str(gap), n).getrandbits(64)), gap
            ),
            rule,
            "minus",
        )
        for n in numbers
    ]


def rates(found: Sequence[Estimate], gap: float) -> dict[str, float]:
    """Shares of the estimates: interval covers `gap`, naive interval does, p under 0.05."""
    names = ("ci_low", "ci_high", "p_value", "p_permutation", "naive_low", "naive_high")
    table = pd.DataFrame(found, dtype=float)
    low, high, p_value, p_permutation, naive_low, naive_high = (table[name] for name in names)
    return {
        "coverage": fmean((low <= gap) & (gap <= high)),
        "naive_coverage": fmean((naive_low <= gap) & (gap <= naive_high)),
        "p_under_0.05": fmean(p_value < 1 - CONFIDENCE),
        "naive_excludes_zero": fmean((naive_low > 0) | (naive_high < 0)),
        "p_permutation_under_0.05": fmean(p_permutation < 1 - CONFIDENCE),
    }
