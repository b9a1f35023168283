"""The most common value of a cell, known from the other rows alone.

The mode of the scored rows knows the very row that it is scored on. Left out of it, a row of a
value that is no more common than another is not guessed by its own. Array suffixes: N rows, P pairs
of a cell and a value that occurs in it, C cells.
"""

import numpy as np
import pandas as pd

from stages.analysis.columns import codes, group_codes, joint_codes
from stages.analysis.dealt import CELL


def mode_left_out(rows: pd.DataFrame) -> pd.Series:
    """How often the most common truth of the other rows of its cell is that of each row.

    Where several are as common, each is guessed as often; NaN where a row is alone in its cell.
    """
    if rows.empty:
        return pd.Series(np.nan, index=rows.index)
    cells_N = group_codes(rows, CELL)
    pair_N = joint_codes([cells_N, codes(rows["truth"])])
    times_P = np.bincount(pair_N)
    cell_P = cells_N[np.unique(pair_N, return_index=True)[1]]
    order_P = np.lexsort((-times_P, cell_P))
    first_C = np.searchsorted(cell_P[order_P], np.arange(cells_N.max() + 1))
    most_C = order_P[first_C]
    next_P = times_P.copy()
    next_P[most_C] = 0
    second_C = np.zeros(len(most_C), dtype=np.int64)
    np.maximum.at(second_C, cell_P, next_P)
    tied_C = np.bincount(cell_P, next_P == second_C[cell_P], minlength=len(most_C))
    top_C = times_P[most_C]
    share_C = np.where(top_C - 1 > second_C, 1.0, np.where(top_C > second_C, 1 / (1 + tied_C), 0.0))
    share_C[np.bincount(cells_N) == 1] = np.nan
    own_N = pair_N == most_C[cells_N]
    return pd.Series(np.where(own_N, share_C[cells_N], 0 * share_C[cells_N]), index=rows.index)
