"""Intervals and p-values of averages over rows, with the input as the unit of chance.

One input gives several rows (properties, predictors, targets, seeds), which are not independent
(Miller 2024, arXiv 2411.00640). What too little data carries is left out: no interval and no p
under FEWEST inputs, nor of an average that rests on fewer inputs in which anything differs. One
arm's corrected accuracy needs more: its errors lean to one side, those of a difference hardly do.
Cells of fewer rows than the rule says count nowhere. Array suffixes: N rows, I inputs, C cells, L
levels.
"""

from typing import Literal, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from stages.analysis.clustered import Spread, spread
from stages.analysis.columns import joint_codes
from stages.analysis.flips import sign_flip_p
from stages.analysis.rates import clustered_rate, exact_paired_p, paired_score
from stages.analysis.rule import Rule

FEWEST = 10  # inputs, and inputs in which something differs
FEWEST_OF_ARM, FEWEST_OF_ARM_IN_CELL = 20, 30  # inputs, where it is one arm's corrected accuracy
POWER = 0.8
NOISE = 1e-12
Weigh = Literal["macro", "pooled"]
Method = Literal["CR2", "rate", "score"]


class Estimate(NamedTuple):
    """An average and what is known of its chance; None where there is too little data.

    `method` says how ci_low and ci_high are made: CR2 errors clustered by input and Student's t
    with Satterthwaite's degrees of freedom, of differences; the exact interval of the rows that
    such an error amounts to, of rates; the score interval of paired rates, of a single cell in
    which few inputs differ, beside McNemar's exact p. p_value is that of no difference,
    p_permutation from sign flips of whole inputs. detectable is the smallest true average that
    such a study would find with a power of 0.8; naive_low and naive_high take rows for
    independent, as published, to compare. `discordant` counts the inputs in which something
    differs.
    """

    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    method: Method | None = None
    p_value: float | None = None
    p_permutation: float | None = None
    detectable: float | None = None
    naive_low: float | None = None
    naive_high: float | None = None
    inputs: int = 0
    rows: int = 0
    discordant: int | None = None


def clustered_estimate(
    values_N: np.ndarray,
    levels_NL: np.ndarray,
    inputs_N: np.ndarray,
    rule: Rule,
    weigh: Weigh = "macro",
    *,
    differs_N: np.ndarray | None = None,
    limit: float = 1.0,
    of_arm: bool = False,
) -> Estimate:
    """The average of the values with its interval, and of differences what speaks against zero.

    `levels_NL` says in which cell a row is, by numbers from the outermost level to the innermost;
    `inputs_N` has numbers from 0. `macro` is the mean over all levels and rows, nested; `pooled`
    that over rows. `differs_N` are the rows in which what is compared differs, and averages of
    differences are from -limit to limit; without it the values are rates from 0 to 1. `of_arm`:
    accuracy minus what is dealt out, of one arm.
    """
    found = _Rows.of(values_N, levels_NL, inputs_N, weigh, rule.min_cell_rows)
    if found is None:
        return Estimate()
    values_N, cells_N, inputs_N, weights_N, kept_N = found
    shares_I = np.bincount(inputs_N, weights_N * values_N)
    estimate = Estimate(float(shares_I.sum()), inputs=len(shares_I), rows=len(values_N))
    weights_C = np.bincount(cells_N, weights_N)
    off = spread(values_N, cells_N, inputs_N, weights_C)
    if differs_N is None:
        return _rate(estimate, off, float(1 / np.square(weights_N).sum()), rule)
    discordant = len(np.unique(inputs_N[differs_N[kept_N]])) if values_N.any() else 0
    estimate = estimate._replace(discordant=discordant)
    fewest = FEWEST
    if of_arm:
        fewest = FEWEST_OF_ARM if len(weights_C) > 1 else FEWEST_OF_ARM_IN_CELL
    if estimate.inputs < fewest or not discordant:
        return estimate
    estimate = estimate._replace(p_permutation=sign_flip_p(shares_I, rule.seed, rule.permutations))
    if discordant < FEWEST:
        alone = len(weights_C) == 1 and limit == 1
        return _of_one_cell(estimate, values_N, rule) if alone else estimate
    return _difference(estimate, off, rule, limit) if off is not None else estimate


class _Rows(NamedTuple):
    """The rows that count, with their cells and inputs numbered anew, and their weights."""

    values_N: np.ndarray
    cells_N: np.ndarray
    inputs_N: np.ndarray
    weights_N: np.ndarray
    kept_N: np.ndarray
    """which of the rows that were given"""

    @classmethod
    def of(
        cls,
        values_N: np.ndarray,
        levels_NL: np.ndarray,
        inputs_N: np.ndarray,
        weigh: Weigh,
        fewest: int,
    ) -> "_Rows | None":
        if not len(values_N):
            return None
        cells_N = joint_codes(list(levels_NL.T))
        sizes_C = np.bincount(cells_N)
        kept_N = sizes_C[cells_N] >= fewest
        if not kept_N.any():
            return None
        if not kept_N.all():
            values_N, levels_NL = values_N[kept_N], levels_NL[kept_N]
            cells_N, inputs_N = joint_codes([cells_N[kept_N]]), joint_codes([inputs_N[kept_N]])
            sizes_C = np.bincount(cells_N)
        weights_C = sizes_C / len(values_N)
        if weigh == "macro":
            weights_C = nested_weights(levels_NL[np.unique(cells_N, return_index=True)[1]])
        return cls(values_N, cells_N, inputs_N, (weights_C / sizes_C)[cells_N], kept_N)


def _rate(found: Estimate, off: Spread | None, worth: float, rule: Rule) -> Estimate:
    """A rate with its interval; so weighed, the rows are worth as many as `worth` of one weight.

    Rows of one input hang together, so an error below that of independent rows is a chance one:
    what is rare was not met where it weighs most.
    """
    if found.estimate is None or found.inputs < FEWEST or off is None:
        return found
    error = _not_noise(off.error) and max(off.error, off.naive_error)
    rows = min(worth, found.inputs)
    low, high = clustered_rate(found.estimate, error, off.freedom, rows, rule.confidence)
    return found._replace(ci_low=low, ci_high=high, method="rate")


def _of_one_cell(found: Estimate, values_N: np.ndarray, rule: Rule) -> Estimate:
    """Where few inputs of a cell differ: of paired rows, one an input, a score interval."""
    first, second = int((values_N == 1).sum()), int((values_N == -1).sum())
    paired = first + second + int((values_N == 0).sum()) == found.rows
    if found.rows > found.inputs or not paired:
        return found
    low, high = paired_score(first, second, found.rows, rule.confidence)
    return found._replace(
        ci_low=low, ci_high=high, method="score", p_value=exact_paired_p(first, second)
    )


def _difference(found: Estimate, off: Spread, rule: Rule, limit: float) -> Estimate:
    """A difference with its interval, which keeps within its limits; what speaks against zero."""
    estimate, error = found.estimate, _not_noise(off.error)
    if estimate is None or not error:  # the same in all rows of each cell
        return found
    end = (1 + rule.confidence) / 2
    low, high = _interval(estimate, error * stdtrit(off.freedom, end), limit)
    naive = off.naive_error * stdtrit(off.naive_freedom, end)
    naive_low, naive_high = _interval(estimate, naive, limit)
    away = stdtrit(off.freedom, end) + stdtrit(off.freedom, POWER)
    return found._replace(
        ci_low=low,
        ci_high=high,
        method="CR2",
        p_value=float(2 * stdtr(off.freedom, -abs(estimate) / error)),
        detectable=float(away * error),
        naive_low=naive_low,
        naive_high=naive_high,
    )


def _interval(estimate: float, half: float, limit: float) -> tuple[float, float]:
    """So far to either side, but not past the limits."""
    return max(float(estimate - half), -limit), min(float(estimate + half), limit)


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
