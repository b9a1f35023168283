"""How a mean moves from one training seed to the next, or from task to task."""

from collections.abc import Mapping
from statistics import fmean, stdev
from typing import Any

import pandas as pd
from scipy import stats

from stages.analysis.averages import means
from stages.analysis.columns import groups
from stages.analysis.rule import Rule


def spread_over(pairs: pd.DataFrame, rule: Rule, level: str, limit: float = 1.0) -> dict[str, Any]:
    """The mean difference `by` each value of a column, their deviation and an interval over them.

    The clustered interval says what other inputs would give, this one (Student's t over the means,
    so wide where they are few) what other training runs or tasks would. Of one value alone there
    is nothing to say.
    """
    every = {str(name): means(own, rule, "minus")["minus"] for (name,), own in groups(pairs, level)}
    there = {name: mean for name, mean in every.items() if mean is not None}
    return over_means(there, rule, limit)


def over_means(found: Mapping[str, float], rule: Rule, limit: float = 1.0) -> dict[str, Any]:
    """The mean of means, their deviation and an interval; nothing of fewer than two.

    Where all are one there is no interval. They are from -limit to limit, and so is the interval.
    """
    if len(found) < 2:
        return {}
    deviation, mean = stdev(found.values()), fmean(found.values())
    spread = {"by": dict(found), "mean": mean, "sd": deviation}
    if not deviation:
        return spread
    end = stats.t.ppf((1 + rule.confidence) / 2, len(found) - 1)
    half = float(end) * deviation / len(found) ** 0.5
    return spread | {"ci_low": max(mean - half, -limit), "ci_high": min(mean + half, limit)}
