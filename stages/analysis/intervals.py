"""Intervals and p-values of macro averages, with the input as the unit of chance.

One input gives several rows (properties, predictors, targets), which are not independent, so
inputs are what is resampled and flipped (clustered errors, Miller 2024, arXiv 2411.00640).
Array suffixes: I inputs, C cells (target, predictor, task, property), B resamples.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from stages.study.splits import rng

CHUNK = 256


class Value(NamedTuple):
    """One row of a macro average: where it belongs and its value."""

    unit: tuple[str, ...]
    task: str
    property: str
    input_id: str
    value: float


class Estimate(NamedTuple):
    """A macro average; None where there is too little data. `p_value` is that of no difference."""

    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    inputs: int
    rows: int


def macro_estimate(
    values: Iterable[Value], *, seed: int, resamples: int, confidence: float
) -> Estimate:
    """The mean over units, tasks, properties and rows, nested, with a clustered interval.

    The interval is the percentile bootstrap that draws inputs within their task. The p-value is
    two-sided: the share of random sign flips of whole inputs that are as far from zero. Both are
    None where no task has two inputs; with no rows all are None.
    """
    values = sorted(values)
    if not values:
        return Estimate(None, None, None, None, 0, 0)
    paths = sorted({(*v.unit, v.task, v.property) for v in values})
    inputs = sorted({(v.task, v.input_id) for v in values})
    cell_at = {path: n for n, path in enumerate(paths)}
    input_at = {key: n for n, key in enumerate(inputs)}
    sums_IC = np.zeros((len(inputs), len(paths)))
    counts_IC = np.zeros_like(sums_IC)
    rows = [input_at[v.task, v.input_id] for v in values]
    columns = [cell_at[(*v.unit, v.task, v.property)] for v in values]
    np.add.at(sums_IC, (rows, columns), [v.value for v in values])
    np.add.at(counts_IC, (rows, columns), 1)
    weights_C = nested_weights(paths)
    share_I = (sums_IC / counts_IC.sum(axis=0)) @ weights_C
    estimate = float(share_I.sum())
    sizes = list(Counter(task for task, _ in inputs).values())
    if max(sizes) < 2:
        return Estimate(estimate, None, None, None, len(inputs), len(values))
    random = np.random.default_rng(rng(seed, "intervals").getrandbits(64))
    means_B = np.concatenate([
        _bootstrap(random, size, sizes, sums_IC, counts_IC, weights_C)
        for size in _chunks(resamples)
    ])  # fmt: skip
    tail = (1 - confidence) / 2
    low, high = np.quantile(means_B, [tail, 1 - tail])
    far = sum(
        int(np.sum(np.abs(random.choice((-1.0, 1.0), (size, len(inputs))) @ share_I)
                   >= abs(estimate) - 1e-12))
        for size in _chunks(resamples)
    )  # fmt: skip
    p_value = (far + 1) / (resamples + 1)
    return Estimate(estimate, float(low), float(high), p_value, len(inputs), len(values))


def nested_weights(paths: Sequence[tuple[str, ...]]) -> np.ndarray:
    """The weight of each path when every level is averaged with equal weights; they sum to 1."""
    children: dict[tuple[str, ...], set[str]] = {}
    for path in paths:
        for depth, name in enumerate(path):
            children.setdefault(path[:depth], set()).add(name)
    return np.array([
        np.prod([1 / len(children[path[:depth]]) for depth in range(len(path))]) for path in paths
    ])  # fmt: skip


def _bootstrap(
    random: np.random.Generator,
    size: int,
    sizes: list[int],
    sums_IC: np.ndarray,
    counts_IC: np.ndarray,
    weights_C: np.ndarray,
) -> np.ndarray:
    """Macro averages of `size` draws of inputs; a cell that a draw leaves empty has no weight."""
    drawn_BI = np.concatenate(
        [random.multinomial(n, np.full(n, 1 / n), size=size) for n in sizes], axis=1
    )
    rows_BC = drawn_BI @ counts_IC
    weights_BC = np.where(rows_BC > 0, weights_C, 0.0)
    means_BC = (drawn_BI @ sums_IC) / np.maximum(rows_BC, 1)
    return (means_BC * weights_BC).sum(axis=1) / weights_BC.sum(axis=1)


def _chunks(total: int) -> Iterable[int]:
    return (min(CHUNK, total - start) for start in range(0, total, CHUNK))
