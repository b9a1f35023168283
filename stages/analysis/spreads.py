"""How a mean moves from one training seed to the next, or from task to task."""

from collections.abc import Mapping
from statistics import fmean, stdev
from typing import Any

import pandas as pd
from scipy import stats

from stages.analysis.averages import accuracy
from stages.analysis.columns import groups
from stages.analysis.rule import Rule


def spread_over(pairs: pd.DataFrame, rule: Rule, level: str, limit: float = 1.0) -> dict[str, Any]:
    """The mean difference `by` each value of a column, their deviation and an interval over them.

    The clustered interval says what other inputs would give, this one (Student's t over the means,
    so wide where they are few) what other training runs or tasks would. Of one value alone there
    is nothing to say.
    """
    every = {str(name): accuracy(own, rule, "minus") for (name,), own in groups(pairs, level)}
    means = {name: of.estimate for name, of in every.items() if of.estimate is not None}
    return over_means(means, rule, limit)


def over_means(means: Mapping[str, float], rule: Rule, limit: float = 1.0) -> dict[str, Any]:
    """The mean of means, their deviation and an interval; nothing of fewer than two.

    Where all are one there is no interval. They are from -limit to limit, and so is the interval.
    """
    if len(means) < 2:
        return {}
    deviation, mean = stdev(means.values()), fmean(means.values())
    found = {"by": dict(means), "mean": mean, "sd": deviation}
    if not deviation:
        return found
    end = stats.t.ppf((1 + rule.confidence) / 2, len(means) - 1)
    half = float(end) * deviation / len(means) ** 0.5
    return found | {"ci_low": max(mean - half, -limit), "ci_high": min(mean + half, limit)}
