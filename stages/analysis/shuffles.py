"""Does what an arm says tell of the input at all? Its answers, dealt anew to whole inputs.

All answers about an input stay together and go to another input of its task. Array suffixes: N
rows, I inputs of a task (J, where they give answers), D draws.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from stages.analysis.averages import levels
from stages.analysis.columns import codes, common_codes, group_codes, joint_codes
from stages.analysis.dealt import CELL
from stages.analysis.intervals import nested_weights
from stages.analysis.rule import Rule
from stages.study.splits import rng

DECIMALS = 12  # sums that are equal to so many are ties
BLOCK = 2**22  # draws times inputs at once


def shuffled_p(rows: pd.DataFrame, rule: Rule) -> float | None:
    """One-sided p of the macro corrected accuracy of one arm or several; None without any rows.

    What is compared is the sum, over rows, of what is right minus the mean over all ways to deal
    the cell, weighed as accuracy is. Cells of too few rows do not count.
    """
    cells_N = group_codes(rows, CELL)
    rows = rows[np.bincount(cells_N, minlength=1)[cells_N] >= rule.min_cell_rows]
    if rows.empty:
        return None
    observed, drawn_D = 0.0, np.zeros(rule.permutations)
    for task, worth_IJ in _tasks(rows):
        generator = np.random.default_rng(rng(rule.seed, "shuffles", task).getrandbits(64))
        observed += worth_IJ.trace()
        inputs = np.arange(len(worth_IJ))
        step = max(1, BLOCK // len(inputs))
        for start in range(0, rule.permutations, step):
            draws = min(step, rule.permutations - start)
            givers_DI = generator.permuted(np.tile(inputs, (draws, 1)), axis=1)
            drawn_D[start : start + draws] += worth_IJ[inputs, givers_DI].sum(axis=1)
    above = (np.round(drawn_D, DECIMALS) >= np.round(observed, DECIMALS)).sum()
    return float((above + 1) / (rule.permutations + 1))


def _tasks(rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Of each task what its inputs are worth, the first as one that takes answers."""
    cells_N = group_codes(rows, CELL)
    levels_NL = levels(rows)
    first_C = np.unique(cells_N, return_index=True)[1]
    weights_C = nested_weights(levels_NL[first_C]) / np.bincount(cells_N)
    said_N, truth_N = common_codes(rows["answer"], rows["truth"])
    said_N = np.where(rows["compliant"].to_numpy(dtype=bool), said_N, -1)
    tasks_N, inputs_N = codes(rows["task"]), group_codes(rows, ("task", "input_id"))
    for task in np.unique(tasks_N):
        here = tasks_N == task
        own_N = joint_codes([inputs_N[here]])
        worth_IJ = np.zeros((own_N.max() + 1,) * 2)
        for cell in np.unique(cells_N[here]):
            one = cells_N[here] == cell
            said, truth = said_N[here][one], truth_N[here][one]
            right = (said[None, :] == truth[:, None]) & (said[None, :] >= 0)
            place = np.ix_(own_N[one], own_N[one])
            np.add.at(worth_IJ, place, weights_C[cell] * (right - right.mean()))
        yield str(rows["task"].to_numpy()[here][0]), worth_IJ
