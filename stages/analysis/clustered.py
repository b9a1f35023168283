"""Standard errors of averages of cells, with the input as the unit of chance.

Rows are regressed on their cells, and an average is a contrast of the cell means. Its variance is
that of CR2, the bias-reduced sandwich of Bell and McCaffrey, with Satterthwaite's degrees of
freedom, under a working model of independent rows of one variance (Pustejovsky and Tipton 2018,
JBES 36(4), arXiv 1601.01981). A regression on cells alone has closed forms: the part of the hat
matrix that belongs to one input is constant within its cells, and so is its inverse root. Array
suffixes: N rows, C cells, I inputs, P pairs of an input and a cell that it has rows in.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

ALONE = 1e-9  # leverage so near to 1: an input that has a cell to itself, whose rest is zero


class Spread(NamedTuple):
    """The standard error of an average and its degrees of freedom: clustered, and row by row."""

    error: float
    freedom: float
    naive_error: float
    naive_freedom: int


def spread(
    values_N: np.ndarray, cells_N: np.ndarray, inputs_N: np.ndarray, weights_C: np.ndarray
) -> Spread | None:
    """How far the average of cell means, weighed by `weights_C`, may be off.

    `cells_N` and `inputs_N` are numbers from 0 without a gap. None where no cell has two inputs.
    """
    sizes_C = np.bincount(cells_N)
    rows, cells, inputs = len(values_N), len(sizes_C), int(inputs_N.max()) + 1
    pairs, pair_N = np.unique(inputs_N * cells + cells_N, return_inverse=True)
    input_P, cell_P = pairs // cells, pairs % cells
    count_P = np.bincount(pair_N)
    left_N = values_N - (np.bincount(cells_N, values_N) / sizes_C)[cells_N]
    left_P = np.bincount(pair_N, left_N)
    free_P = 1 - count_P / sizes_C[cell_P]
    free_P[free_P < ALONE] = np.inf
    if not np.isfinite(free_P).any():
        return None
    share_P = (weights_C / sizes_C)[cell_P]
    adjusted_P = share_P / np.sqrt(free_P)
    error_I = np.bincount(input_P, adjusted_P * left_P, minlength=inputs)
    naive = np.square(left_N).sum() / max(rows - cells, 1) * (weights_C**2 / sizes_C).sum()
    reach_P = adjusted_P * count_P / np.sqrt(sizes_C[cell_P])
    own_I = np.bincount(input_P, share_P**2 * count_P * np.isfinite(free_P), minlength=inputs)
    freedom = _freedom(own_I, reach_P, input_P, cell_P)
    return Spread(float(np.square(error_I).sum() ** 0.5), freedom, float(naive**0.5), rows - cells)


def _freedom(
    own_I: np.ndarray, reach_P: np.ndarray, input_P: np.ndarray, cell_P: np.ndarray
) -> float:
    """(tr G)^2 / tr(G^2) of the matrix G of inputs by inputs whose diagonal is `own_I`.

    Off it stands minus the product of their reaches over the cells that two inputs share, so that
    no more than cells by cells is ever held.
    """
    starts_I = np.searchsorted(input_P, np.arange(len(own_I) + 1))
    reach_IC = sparse.csr_array((reach_P, cell_P, starts_I))
    squared_I = np.bincount(input_P, reach_P**2, minlength=len(own_I))
    full_I = own_I + squared_I
    shared_CC = (reach_IC.T @ reach_IC).data
    square = np.square(full_I).sum() - 2 * (full_I * squared_I).sum() + np.square(shared_CC).sum()
    return float(own_I.sum() ** 2 / square)
