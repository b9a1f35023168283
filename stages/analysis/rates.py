"""Intervals of rates and of single comparisons, which keep their level where little varies."""

from typing import TypeVar

import numpy as np
from scipy import optimize, stats
from scipy.special import betaincinv, ndtri, stdtrit
from statsmodels.stats.proportion import proportion_confint

Counts = TypeVar("Counts", float, np.ndarray)


def wilson(right: Counts, rows: Counts, confidence: float) -> tuple[Counts, Counts]:
    """Wilson's interval of a rate, or of each of some, among independent rows (1927, JASA 22)."""
    low, high = proportion_confint(right, rows, alpha=1 - confidence, method="wilson")
    return low, high


def clustered_rate(
    rate: float, error: float, freedom: float, rows: float, confidence: float
) -> tuple[float, float]:
    """The exact interval of as many independent rows as would have this standard error.

    Korn and Graubard (1998, Survey Methodology 24): the interval of Clopper and Pearson, with a
    correction for the degrees of freedom of the error. Where nothing varies there is no error, and
    what there is amounts to `rows`.
    """
    rate = min(max(rate, 0.0), 1.0)
    if error > 0 and 0 < rate < 1:
        end = (1 + confidence) / 2
        rows = rate * (1 - rate) / error**2 * (ndtri(end) / stdtrit(freedom, end)) ** 2
    right, tail = rate * rows, (1 - confidence) / 2
    low = betaincinv(right, rows - right + 1, tail) if right else 0.0
    high = betaincinv(right + 1, rows - right, 1 - tail) if right < rows else 1.0
    return float(low), float(high)


def paired_score(first: int, second: int, rows: int, confidence: float) -> tuple[float, float]:
    """The score interval of a difference of paired rates (Tango 1998, Statistics in Medicine 17).

    Of `rows` independent pairs in `first` only the one is right, in `second` only the other.
    """

    def past(difference: float, z: float) -> float:
        """By how many standard errors more than `z` the counts are above such a difference."""
        b = -first - second + (2 * rows - first + second) * difference
        c = -second * difference * (1 - difference)
        only = ((b * b - 8 * rows * c) ** 0.5 - b) / (4 * rows)
        variance = rows * (2 * only + difference * (1 - difference))
        apart = first - second - rows * difference
        return float(apart / max(variance, 1e-300) ** 0.5 - z)

    z = stats.norm.ppf((1 + confidence) / 2)
    middle, ends = (first - second) / rows, []
    for side, limit in ((z, -1.0), (-z, 1.0)):
        edge = limit * (1 - 1e-12)
        inside = past(edge, side) * past(middle, side) < 0
        ends.append(optimize.brentq(past, edge, middle, args=(side,)) if inside else limit)
    return float(ends[0]), float(ends[1])


def exact_better_p(first: int, second: int) -> float:
    """McNemar's exact p, one-sided: of so many discordant pairs `first` or more are the first's."""
    n = first + second
    return float(stats.binomtest(first, n, alternative="greater").pvalue) if n else 1.0


def exact_above_p(right: int, rows: int, rate: float) -> float:
    """The exact binomial p, one-sided: so many right, or more, of rows that are right at a rate."""
    return float(stats.binomtest(right, rows, rate, alternative="greater").pvalue) if rows else 1.0


def exact_paired_p(first: int, second: int) -> float:
    """McNemar's exact p: of so many discordant pairs each is as likely the one as the other."""
    return float(stats.binomtest(first, first + second).pvalue) if first + second else 1.0
