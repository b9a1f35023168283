"""What answers are worth without a look at the input: each dealt to the other inputs of its cell.

An arm that always says what is common is right as often so as it was, one that knows the input
less often. Accuracy less this is what its answers say of the input itself: corrected accuracy.
Array suffix: N rows.
"""

import numpy as np
import pandas as pd

from stages.analysis.columns import common_codes, group_codes, joint_codes

CELL = ("target", "predictor", "kind", "seed", "task", "property")


def with_dealt_out(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `dealt_out`, `corrected` and `varies`; NaN where a row is alone in its cell.

    `dealt_out` is the share of the other rows of the cell whose answer would be right here: the
    mean over all ways to deal the answers out, so nothing is drawn. Answers that do not comply are
    right nowhere. `corrected` has the mean, over a cell, of accuracy minus that, and from row to
    row what each input does to it, as one that takes answers and as one that gives its own, so
    that its errors can be clustered: the pseudo-values of the jackknife of a U-statistic (Arvesen
    1969, AMS 40). `varies` says where an answer is not the cell's most common one: without any
    there is nothing to deal.
    """
    if rows.empty:
        return rows.assign(dealt_out=np.nan, corrected=np.nan, varies=False)
    cells_N = group_codes(rows, CELL)
    said_N, truth_N = common_codes(rows["answer"], rows["truth"])
    said_N = np.where(rows["compliant"].to_numpy(dtype=bool), said_N, -1)
    both = joint_codes([np.tile(cells_N, 2), np.concatenate([said_N, truth_N])])
    said_here_N, truth_here_N = both[: len(rows)], both[len(rows) :]
    right_N = (said_N >= 0) & (said_N == truth_N)
    sizes_N = np.bincount(cells_N)[cells_N]
    others_N = np.where(sizes_N > 1, sizes_N - 1, np.nan)
    said_times, truth_times = (
        np.bincount(found_N, minlength=both.max() + 1) for found_N in (said_here_N, truth_here_N)
    )
    taken_N = (said_times[truth_here_N] - right_N) / others_N
    given_N = (np.where(said_N >= 0, truth_times[said_here_N], 0) - right_N) / others_N
    mean_N = _mean(taken_N, cells_N)[cells_N]
    # What two rows share counts for one of n - 1, and for one of n - 2 when one more is left out.
    more_N = np.where(sizes_N > 2, (sizes_N - 1) / np.maximum(sizes_N - 2, 1), 1.0)
    return rows.assign(
        dealt_out=taken_N,
        corrected=right_N - more_N * (taken_N + given_N) + (2 * more_N - 1) * mean_N,
        varies=said_here_N != _commonest(said_times, said_here_N, cells_N)[cells_N],
    )


def _mean(values_N: np.ndarray, cells_N: np.ndarray) -> np.ndarray:
    return np.bincount(cells_N, values_N) / np.bincount(cells_N)


def _commonest(times: np.ndarray, said_N: np.ndarray, cells_N: np.ndarray) -> np.ndarray:
    """The most common answer of each cell; of several the first by number."""
    order_N = np.lexsort((-said_N, times[said_N]))
    found = np.zeros(int(cells_N.max()) + 1, dtype=np.int64)
    found[cells_N[order_N]] = said_N[order_N]
    return found
