"""What answers are worth without a look at the input: each dealt to the other inputs of its cell.

An arm that always says what is common is right as often so as it was, one that knows the input
less often. `accuracy` less this is what its answers say of the input itself.
"""

import numpy as np
import pandas as pd

from stages.analysis.columns import common_codes, group_codes, joint_codes

CELL = ("target", "predictor", "kind", "seed", "task", "property")


def with_dealt_out(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `dealt_out` and `corrected`, which is `correct` less that.

    `dealt_out` is the share of the other rows of the cell whose answer would be right here: the
    mean over all ways to deal the answers out, so nothing is drawn. NaN where a row is alone in
    its cell. Answers that do not comply are right nowhere.
    """
    if rows.empty:
        return rows.assign(dealt_out=np.nan, corrected=np.nan)
    cells_N = group_codes(rows, CELL)
    said_N, truth_N = common_codes(rows["answer"], rows["truth"])
    said_N = np.where(rows["compliant"].to_numpy(dtype=bool), said_N, -1)
    both = joint_codes([np.tile(cells_N, 2), np.concatenate([said_N, truth_N])])
    said_here_N, truth_here_N = both[: len(rows)], both[len(rows) :]
    times = np.bincount(said_here_N, minlength=both.max() + 1)
    own_N = (said_N >= 0) & (said_N == truth_N)
    others_N = np.bincount(cells_N)[cells_N] - 1
    right_N = times[truth_here_N] - own_N
    shares_N = np.where(others_N > 0, right_N / np.maximum(others_N, 1), np.nan)
    return rows.assign(dealt_out=shares_N, corrected=rows["correct"].astype(float) - shares_N)
