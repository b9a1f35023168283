"""Does what an arm says tell of the input at all? Its answers, dealt anew to whole inputs.

All answers about an input stay together and go to another input of its task. Array suffixes: N
rows, I inputs of a task, C cells that have rows about the same inputs of it, P these inputs, D
draws.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from stages.analysis.averages import levels
from stages.analysis.columns import common_codes, group_codes
from stages.analysis.dealt import CELL
from stages.analysis.intervals import nested_weights
from stages.analysis.rule import Rule
from stages.study.splits import rng

DECIMALS = 12  # sums that are equal to so many are ties
BLOCK = 2**20  # draws times inputs at once
TABLE = 2**11  # inputs, up to which what each is worth to each is kept: 32 MiB


def shuffled_p(rows: pd.DataFrame, rule: Rule) -> float | None:
    """One-sided p of the macro corrected accuracy of one arm or several; None without any rows.

    Compared is accuracy, as what is dealt out in the mean of all draws is the same in each. In a
    cell answers stay among its inputs: where the giver has none there, those that are left over go
    to the inputs that are, in the order of the draw, so that each way to deal a cell is as likely.
    Cells of too few rows do not count; in a cell rows are of different inputs.
    """
    cells_N = group_codes(rows, CELL)
    rows = rows[np.bincount(cells_N, minlength=1)[cells_N] >= rule.min_cell_rows]
    if rows.empty:
        return None
    observed, drawn_D = 0.0, np.zeros(rule.permutations)
    for task, parts in _tasks(rows):
        observed += sum(part.own() for part in parts)
        start = 0
        for givers_DI in _draws(rule, task, len(parts[0].there_I)):
            block = slice(start, start := start + len(givers_DI))
            for part in parts:
                drawn_D[block] += part.dealt(givers_DI)
    above = (np.round(drawn_D, DECIMALS) >= np.round(observed, DECIMALS)).sum()
    return float((above + 1) / (rule.permutations + 1))


def _draws(rule: Rule, task: str, inputs: int) -> Iterable[np.ndarray]:
    """Which input gives to each, a block of draws at a time; the same for each arm."""
    if rule.permutations * inputs <= BLOCK:
        return _kept_draws(rule, task, inputs)
    return _drawn(rule, task, inputs)


@lru_cache(maxsize=64)
def _kept_draws(rule: Rule, task: str, inputs: int) -> list[np.ndarray]:
    return list(_drawn(rule, task, inputs))


def _drawn(rule: Rule, task: str, inputs: int) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(rng(rule.seed, "shuffles", task).getrandbits(64))
    kind = np.int16 if inputs < 2**15 else np.int64
    step = max(1, BLOCK // inputs)
    for start in range(0, rule.permutations, step):
        draws = min(step, rule.permutations - start)
        yield generator.permuted(np.tile(np.arange(inputs, dtype=kind), (draws, 1)), axis=1)


@dataclass(frozen=True)
class _Part:
    """The cells of a task that have rows about the same inputs."""

    there_I: np.ndarray
    said_CP: np.ndarray
    truth_CP: np.ndarray
    weights_C: np.ndarray
    """of a row"""

    def own(self) -> float:
        """What is right, weighed, where each input has its own answers."""
        return float(self.weights_C @ (self.said_CP == self.truth_CP).sum(axis=1))

    def dealt(self, givers_DI: np.ndarray) -> np.ndarray:
        """The same of each draw."""
        givers_DP = self._among_these(givers_DI)
        return (self.by_table if givers_DP.shape[1] <= TABLE else self.by_codes)(givers_DP)

    def by_table(self, givers_DP: np.ndarray) -> np.ndarray:
        """By what the answers of each are worth to each: the faster way where these are few."""
        return self._worth_PP[np.arange(givers_DP.shape[1]), givers_DP].sum(axis=1)

    def by_codes(self, givers_DP: np.ndarray) -> np.ndarray:
        """Cell by cell, so that no more is held than the draws."""
        sums_D = np.zeros(len(givers_DP))
        for said_P, truth_P, weight in self._cells:
            sums_D += weight * np.count_nonzero(said_P[givers_DP] == truth_P, axis=1)
        return sums_D

    @cached_property
    def _worth_PP(self) -> np.ndarray:
        """The first takes, the second gives."""
        worth_PP = np.zeros((self.said_CP.shape[1],) * 2)
        for said_P, truth_P, weight in self._cells:
            worth_PP += weight * (truth_P[:, None] == said_P)
        return worth_PP

    @property
    def _cells(self) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
        return zip(self.said_CP, self.truth_CP, self.weights_C, strict=True)

    def _among_these(self, givers_DI: np.ndarray) -> np.ndarray:
        """Which of these inputs gives to each of them, by their places."""
        if self.there_I.all():
            return givers_DI
        givers_DP, rest = givers_DI[:, self.there_I], givers_DI[:, ~self.there_I]
        givers_DP[~self.there_I[givers_DP]] = rest[self.there_I[rest]]
        return (np.cumsum(self.there_I) - 1)[givers_DP]


def _tasks(rows: pd.DataFrame) -> Iterator[tuple[str, list[_Part]]]:
    """Each task with its cells, those together that have rows about the same inputs."""
    cells_N, inputs_N = group_codes(rows, CELL), group_codes(rows, ("task", "input_id"))
    first_C = np.unique(cells_N, return_index=True)[1]
    weights_C = nested_weights(levels(rows)[first_C]) / np.bincount(cells_N)
    said_N, truth_N = common_codes(rows["answer"], rows["truth"])
    said_N[~rows["compliant"].to_numpy(dtype=bool)] = -2  # which no truth is
    order_N = np.lexsort((inputs_N, cells_N))
    rows_of = np.split(order_N, np.cumsum(np.bincount(cells_N))[:-1])
    task_C = rows["task"].to_numpy()[first_C]
    for task in np.unique(task_C):
        cells = np.flatnonzero(task_C == task).tolist()
        inputs_I = np.unique(np.concatenate([inputs_N[rows_of[cell]] for cell in cells]))
        alike: dict[bytes, list[int]] = {}
        for cell in cells:
            there_I = np.isin(inputs_I, inputs_N[rows_of[cell]])
            alike.setdefault(there_I.tobytes(), []).append(cell)
        parts = []
        for there, found in alike.items():
            rows_CP = np.stack([rows_of[cell] for cell in found])
            there_I = np.frombuffer(there, dtype=bool)
            parts.append(_Part(there_I, said_N[rows_CP], truth_N[rows_CP], weights_C[found]))
        yield str(task), parts
