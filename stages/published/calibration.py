"""Calibration: is what a model says as frequent as what the target does?

For each prompt the target's answers are sampled, and so are a predictor's predictions of a
property of them. Each of the target's most likely values is a point: how probable the target makes
it, and which share of the predictions name it. Points and bins are the paper's (arXiv 2410.13787,
figures 6, 20, 22); what else is measured of them is in stages/analysis/calibration.py.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.study.properties import PROPERTIES

RANKS = 3
BINS = 10


class Point(NamedTuple):
    """One value of a property on one prompt, as shares of samples."""

    target: float
    predicted: float


def points(
    behavior: Sequence[str], predictions: Sequence[str], name: str, ranks: int = RANKS
) -> list[Point | None]:
    """The most likely values of property `name`, the likeliest first; None where there are fewer.

    Answers and predictions come in pairs; a pair whose answer has no value is dropped. Values that
    are equally likely stand in the order in which they were met. Raises ValueError where the
    numbers of answers and predictions differ.
    """
    values = [PROPERTIES[name].extract(answer) for answer in behavior]
    pairs = [(v, a, p) for v, a, p in zip(values, behavior, predictions, strict=True) if v]
    if not pairs:
        return [None] * ranks
    shares: dict[str, float] = {}
    for answer in dict.fromkeys(answer for _, answer, _ in pairs):
        value = next(v for v, a, _ in pairs if a == answer)
        count = sum(a == answer for _, a, _ in pairs)
        shares[value] = shares.get(value, 0.0) + count / len(pairs)
    said = [prediction.strip().lower() for _, _, prediction in pairs]
    likely = sorted(shares, key=lambda value: -shares[value])[:ranks]
    found: list[Point | None] = [
        Point(shares[value], said.count(value.lower()) / len(said)) for value in likely
    ]
    return found + [None] * (ranks - len(found))


def bins(found: Sequence[Point], count: int = BINS) -> pd.DataFrame:
    """Means of `target` and `predicted` and the number of points in bins of equal frequency.

    Bins are quantiles of the target's probability. Edges that are equal are one, so that there may
    be fewer bins; where all are, there is one.
    """
    table = pd.DataFrame(found, columns=Point._fields)
    edges = pd.qcut(table["target"].to_numpy(), count, labels=False, duplicates="drop")
    groups = np.nan_to_num(edges).astype(int)
    means = table.groupby(groups).mean()
    return means.assign(points=table.groupby(groups).size()).reset_index(drop=True)


def mean_absolute_deviation(table: pd.DataFrame) -> float:
    """The paper's MAD: the plain mean over bins of |target - predicted|, in percentage points."""
    return float((table["target"] - table["predicted"]).abs().mean() * 100)
