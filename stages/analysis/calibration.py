"""How far what is said is from what is done, in bins that do not move with the points.

A deviation is the mean over points of |target - predicted| of the means of their bins, in
percentage points: an expected calibration error (Naeini et al. 2015). In a bin of few points the
means are apart by chance alone, which makes it larger; how much larger is told by a bootstrap, and
taken off (Kumar, Liang and Ma 2019, arXiv 1909.10155). The paper's bins, quantiles of the points
themselves, stand in stages/published/calibration.py.

Letters of arrays: N points, A arms, I inputs, B bins, D draws.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.study.splits import rng

DRAWS = 1000  # of a bootstrap, as published
ROUNDING = 1e-9  # what is no further below an edge is on it


class Deviations(NamedTuple):
    """Of each arm the deviation, as it was found and where other inputs had been drawn."""

    found_A: np.ndarray
    drawn_DA: np.ndarray

    @property
    def corrected_A(self) -> np.ndarray:
        """Less what chance adds to it."""
        return 2 * self.found_A - self.drawn_DA.mean(0)

    def minus(
        self, one: int, two: int, confidence: float
    ) -> tuple[float, tuple[float, float] | None]:
        """The difference of two arms and its interval; none where no draw differs.

        The interval is the basic one of a bootstrap, which takes off the same bias.
        """
        found = self.found_A[one] - self.found_A[two]
        drawn_D = self.drawn_DA[:, one] - self.drawn_DA[:, two]
        estimate = float(2 * found - drawn_D.mean())
        if np.ptp(drawn_D) < ROUNDING:
            return estimate, None
        tail = (1 - confidence) / 2
        low, high = 2 * found - np.quantile(drawn_D, [1 - tail, tail])
        return estimate, (max(float(low), -100.0), min(float(high), 100.0))


def fixed_bins(likely: Sequence[float] | np.ndarray | pd.Series, count: int) -> np.ndarray:
    """The bin of each point by its probability, from 0: of equal width, whatever the points are."""
    found = np.floor(np.asarray(likely, dtype=float) * count + ROUNDING).astype(int)
    return np.clip(found, 0, count - 1)


def reliability(points: pd.DataFrame, column: str, bins_N: np.ndarray) -> pd.DataFrame:
    """Means of `target` and of what was said, as `predicted`, and `points`, for each bin."""
    table = pd.DataFrame({"target": points["target"], "predicted": points[column]})
    groups = table.groupby(bins_N)
    return groups.mean().assign(points=groups.size()).reset_index(drop=True)


def deviations(
    gaps_NA: np.ndarray, bins_N: np.ndarray, inputs: Sequence[tuple[str, str]], seed: int
) -> Deviations:
    """The deviation of each arm, and in each draw of a bootstrap.

    Inputs, (task, input_id) of each point, are drawn with all their points, those of a task among
    themselves. `gaps_NA` is target minus predicted.
    """
    generator = np.random.default_rng(rng(seed, "calibration").getrandbits(64))
    known = {key: n for n, key in enumerate(sorted(set(inputs)))}
    inputs_N = np.array([known[key] for key in inputs])
    sizes_I = np.bincount(inputs_N)
    gaps_IBA = np.zeros((len(known), bins_N.max() + 1, gaps_NA.shape[1]))
    np.add.at(gaps_IBA, (inputs_N, bins_N), gaps_NA)
    tasks = Counter(task for task, _ in known)
    times_DI = np.hstack(
        [generator.multinomial(n, np.full(n, 1 / n), size=DRAWS) for _, n in sorted(tasks.items())]
    )
    sums_DBA = np.abs(np.einsum("di,iba->dba", times_DI, gaps_IBA))
    drawn_DA = sums_DBA.sum(1) / (times_DI @ sizes_I)[:, None]
    found_A = np.abs(gaps_IBA.sum(0)).sum(0) / len(inputs)
    return Deviations(found_A * 100, drawn_DA * 100)
