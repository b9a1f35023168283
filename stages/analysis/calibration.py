"""How far what is said is from what is done, beside the paper's own measure of it.

Points and bins are those of stages/published/calibration.py.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from stages.study.splits import rng

DRAWS = 1000  # of a bootstrap, as published


def expected_calibration_error(table: pd.DataFrame) -> float:
    """The mean of |target - predicted| over points, each that of its bin (Naeini et al. 2015)."""
    gaps = (table["target"] - table["predicted"]).abs()
    return float((gaps * table["points"]).sum() / table["points"].sum())


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
