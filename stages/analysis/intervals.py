"""Intervals and p-values of averages over rows, with the input as the unit of chance.

One input gives several rows (properties, predictors, targets, seeds), which are not independent.
Rows are regressed on their cells (target, predictor, seed, task, property) with errors clustered
by input (Miller 2024, arXiv 2411.00640; Cameron and Miller 2015, JHR 50(2)), and an average is a
contrast of the cell means. A regression on cells alone has a closed form, so all of it is sums
over cells and inputs. Array suffixes: N rows, I inputs, C cells, L levels of a cell.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from stages.analysis.columns import joint_codes
from stages.analysis.flips import sign_flip_p
from stages.analysis.rule import Rule

POWER = 0.8
NOISE = 1e-12
Weigh = Literal["macro", "pooled"]


class Estimate(NamedTuple):
    """An average and what is known of its chance; None where there is too little data.

    ci_low, ci_high and p_value (of no difference) come from clustered errors and Student's t with
    inputs - 1 degrees of freedom; p_permutation from sign flips of whole inputs. detectable is the
    smallest true average that such a study would find with a power of 0.8; naive_low and
    naive_high take rows for independent, as published, to compare.
    """

    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    p_permutation: float | None = None
    detectable: float | None = None
    naive_low: float | None = None
    naive_high: float | None = None
    inputs: int = 0
    rows: int = 0


def clustered_estimate(
    values_N: np.ndarray,
    levels_NL: np.ndarray,
    inputs_N: np.ndarray,
    rule: Rule,
    weigh: Weigh = "macro",
    *,
    test: bool = True,
) -> Estimate:
    """The average of the values with its interval, and with `test` what speaks against zero.

    `levels_NL` says in which cell a row is, by numbers from the outermost level to the innermost;
    `inputs_N` has numbers from 0. `macro` is the mean over all levels and rows, nested; `pooled`
    that over rows. With fewer than two rows a cell there is an estimate alone.
    """
    if not len(values_N):
        return Estimate()
    cells_N = joint_codes(list(levels_NL.T))
    sizes_C = np.bincount(cells_N)
    weights_C = sizes_C / len(values_N)
    if weigh == "macro":
        weights_C = nested_weights(levels_NL[np.unique(cells_N, return_index=True)[1]])
    weights_N = (weights_C / sizes_C)[cells_N]
    shares_I = np.bincount(inputs_N, weights_N * values_N)
    inputs, rows, cells = len(shares_I), len(values_N), len(sizes_C)
    estimate = float(shares_I.sum())
    found = Estimate(estimate, inputs=inputs, rows=rows)
    if inputs < 2 or rows == cells:
        return found
    left_N = values_N - (np.bincount(cells_N, values_N) / sizes_C)[cells_N]
    by_input = np.square(np.bincount(inputs_N, weights_N * left_N)).sum()
    by_input *= inputs / (inputs - 1) * (rows - 1) / (rows - cells)
    by_row = np.square(left_N).sum() / (rows - cells) * (weights_C**2 / sizes_C).sum()
    low, high = _interval(estimate, by_input**0.5, inputs - 1, rule.confidence)
    naive_low, naive_high = _interval(estimate, by_row**0.5, rows - cells, rule.confidence)
    found = found._replace(ci_low=low, ci_high=high, naive_low=naive_low, naive_high=naive_high)
    if not test:
        return found
    return found._replace(
        **_test(estimate, by_input**0.5, inputs - 1, rule.confidence),
        p_permutation=sign_flip_p(shares_I, rule.seed, rule.permutations),
    )


def _interval(
    estimate: float, error: float, freedom: int, confidence: float
) -> tuple[float, float]:
    """Student's interval of an estimate."""
    half = stats.t.ppf((1 + confidence) / 2, freedom) * _not_noise(error)
    return float(estimate - half), float(estimate + half)


def _test(estimate: float, error: float, freedom: int, confidence: float) -> dict[str, Any]:
    """Student's p-value of an estimate, and the smallest that would be found."""
    if not _not_noise(error):  # certain of zero, or of nothing
        return {"p_value": 1.0 if abs(estimate) < NOISE else None}
    away = stats.t.ppf((1 + confidence) / 2, freedom) + stats.t.ppf(POWER, freedom)
    p_value = 2 * stats.t.sf(abs(estimate) / error, freedom)
    return {"p_value": float(p_value), "detectable": float(away * error)}


def _not_noise(error: float) -> float:
    """A standard error; zero where no row differs from its cell but by rounding."""
    return error if error >= NOISE else 0.0


def nested_weights(levels_CL: np.ndarray) -> np.ndarray:
    """The weight of each cell when every level is averaged with equal weights; they sum to 1."""
    weights_C = np.ones(len(levels_CL))
    parents_C = np.zeros(len(levels_CL), dtype=np.int64)
    for level_C in levels_CL.T:
        children_C = joint_codes([parents_C, level_C])
        of_child = parents_C[np.unique(children_C, return_index=True)[1]]
        weights_C /= np.bincount(of_child)[parents_C]
        parents_C = children_C
    return weights_C


def wilson(right: float, rows: int, confidence: float) -> tuple[float, float]:
    """Wilson's interval of a rate among independent rows (Wilson 1927, JASA 22)."""
    low, high = proportion_confint(right, rows, alpha=1 - confidence, method="wilson")
    return float(low), float(high)


def holm(p_values: Mapping[str, float | None]) -> dict[str, float]:
    """p-values corrected for their number (Holm 1979, SJS 6); those that are None do not count."""
    tested = {name: p for name, p in p_values.items() if p is not None}
    if not tested:
        return {}
    corrected = multipletests(list(tested.values()), method="holm")[1]
    return dict(zip(tested, map(float, corrected), strict=True))
