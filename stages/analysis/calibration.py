"""Calibration: is what a model says as frequent as what the target does?

    python -m stages.analysis.calibration < prompts.jsonl

For each prompt the target's answers are sampled, and so are a predictor's predictions of a
property of them. Each of the target's most likely values is a point: how probable the target makes
it, and which share of the predictions name it. Points and bins are the paper's (arXiv 2410.13787,
figures 6, 20, 22); expected calibration error and Brier score stand beside them.
"""

import sys
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import pandas as pd

from stages.analysis.json_lines import answer_lines
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

    Bins are quantiles of the target's probability; edges that are equal are one, so that there
    may be fewer bins.
    """
    table = pd.DataFrame(found, columns=Point._fields)
    groups = pd.qcut(table["target"], count, duplicates="drop")
    means = table.groupby(groups, observed=True).mean()
    return means.assign(points=table.groupby(groups, observed=True).size()).reset_index(drop=True)


def mean_absolute_deviation(table: pd.DataFrame) -> float:
    """The paper's MAD: the plain mean over bins of |target - predicted|, in percentage points."""
    return float((table["target"] - table["predicted"]).abs().mean() * 100)


def expected_calibration_error(table: pd.DataFrame) -> float:
    """The same weighted by points (Naeini et al. 2015), as a share."""
    gaps = (table["target"] - table["predicted"]).abs()
    return float((gaps * table["points"]).sum() / table["points"].sum())


def brier_score(predicted: Mapping[str, float], behavior: Sequence[str]) -> float:
    """Mean squared distance of predicted shares from what was done each time (Brier 1950).

    `predicted` gives each value its probability, `behavior` is one value a sample; from 0, certain
    and right, to 2, certain and wrong.
    """
    squares = sum(share**2 for share in predicted.values())
    return fmean(squares - 2 * predicted.get(value, 0.0) + 1 for value in behavior)


def answer_row(row: dict) -> dict:
    """What is printed for one line of standard input: property, num_bins, prompts."""
    found = [
        points(prompt["object_responses"], prompt["meta_answers"], row["property"])
        for prompt in row["prompts"]
    ]
    there = [point for prompt in found for point in prompt if point is not None]
    table = bins(there, row.get("num_bins", BINS))
    return {
        "points_by_prompt_rank1_rank2_rank3": found,
        "n_points": len(there),
        "bin_mean_object": table["target"].tolist(),
        "bin_mean_meta": table["predicted"].tolist(),
        "n_bins_after_dropping_equal_edges": len(table),
        "mad_percent_points": mean_absolute_deviation(table),
    }


if __name__ == "__main__":
    sys.exit(answer_lines(answer_row))
