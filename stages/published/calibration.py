"""Calibration: is what a model says as frequent as what the target does?

    python -m stages.published.calibration < prompts.jsonl

For each prompt the target's answers are sampled, and so are a predictor's predictions of a
property of them. Each of the target's most likely values is a point: how probable the target makes
it, and which share of the predictions name it. Points and bins are the paper's (arXiv 2410.13787,
figures 6, 20, 22); expected calibration error and Brier score stand beside them.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.published.json_lines import answer_lines
from stages.study.properties import PROPERTIES
from stages.study.splits import rng

RANKS = 3
BINS = 10
DRAWS = 1000  # of a bootstrap, as published


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


def bin_numbers(likely: Sequence[float], count: int = BINS) -> np.ndarray:
    """The bin of each point, from 0: quantiles of `likely`, its probability.

    Edges that are equal are one, so that there may be fewer bins; where all are, there is one.
    """
    found = pd.qcut(np.asarray(likely, dtype=float), count, labels=False, duplicates="drop")
    return np.nan_to_num(found).astype(int)


def bins(
    found: Sequence[Point], count: int = BINS, likely: Sequence[float] | None = None
) -> pd.DataFrame:
    """Means of `target` and `predicted` and the number of points in bins of equal frequency.

    Bins are quantiles of the target's probability, or of `likely`, another measure of it.
    """
    table = pd.DataFrame(found, columns=Point._fields)
    groups = bin_numbers(table["target"] if likely is None else likely, count)
    means = table.groupby(groups).mean()
    return means.assign(points=table.groupby(groups).size()).reset_index(drop=True)


def mean_absolute_deviation(table: pd.DataFrame) -> float:
    """The paper's MAD: the plain mean over bins of |target - predicted|, in percentage points."""
    return float((table["target"] - table["predicted"]).abs().mean() * 100)


def expected_calibration_error(table: pd.DataFrame) -> float:
    """The same weighted by points (Naeini et al. 2015), as a share."""
    gaps = (table["target"] - table["predicted"]).abs()
    return float((gaps * table["points"]).sum() / table["points"].sum())


def brier_score(predicted: Mapping[str, float], did: Mapping[str, float]) -> float:
    """Mean squared distance of predicted shares from what is done each time (Brier 1950).

    Both give each value its probability; from 0, certain and right, to 2, certain and wrong.
    """
    squares = sum(share**2 for share in predicted.values())
    return squares + sum(p * (1 - 2 * predicted.get(value, 0.0)) for value, p in did.items())


def drawn_deviations(
    gaps_NA: np.ndarray, bins_N: np.ndarray, inputs: Sequence[tuple[str, str]], seed: int
) -> np.ndarray:
    """The MAD of each arm, in percentage points, where other inputs had been drawn (D x A).

    A bootstrap: inputs, (task, input_id) of each point, are drawn with all their points, those of
    a task among themselves; the edges of the bins stay. `gaps_NA` is target minus predicted.
    Letters: N points, A arms, I inputs, B bins, D draws.
    """
    generator = np.random.default_rng(rng(seed, "calibration").getrandbits(64))
    known = {key: n for n, key in enumerate(sorted(set(inputs)))}
    inputs_N = np.array([known[key] for key in inputs])
    sizes_IB = np.zeros((len(known), bins_N.max() + 1))
    gaps_IBA = np.zeros((*sizes_IB.shape, gaps_NA.shape[1]))
    np.add.at(sizes_IB, (inputs_N, bins_N), 1)
    np.add.at(gaps_IBA, (inputs_N, bins_N), gaps_NA)
    tasks = Counter(task for task, _ in known)
    times_DI = np.hstack(
        [generator.multinomial(n, np.full(n, 1 / n), size=DRAWS) for _, n in sorted(tasks.items())]
    )
    sizes_DB = times_DI @ sizes_IB
    sums_DBA = np.abs(np.einsum("di,iba->dba", times_DI, gaps_IBA))
    means_DBA = sums_DBA / np.maximum(sizes_DB, 1)[:, :, None]
    return means_DBA.sum(1) / (sizes_DB > 0).sum(1)[:, None] * 100


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
