"""Intervals and p-values of averages over score rows, with the input as the unit of chance.

One input gives several rows (properties, predictors, targets, seeds), which are not independent.
Rows are regressed on their cells (target, predictor, seed, task, property) with errors clustered
by input (Miller 2024, arXiv 2411.00640; Cameron and Miller 2015, JHR 50(2)), and an average is a
contrast of the cell means. Array suffixes: N rows, I inputs, C cells.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from stages.study.splits import rng

POWER = 0.8


class Value(NamedTuple):
    """One row of an average: where it belongs and its value."""

    unit: tuple[str, ...]
    task: str
    property: str
    input_id: str
    value: float


class Estimate(NamedTuple):
    """An average and what is known of its chance; None where there is too little data.

    ci_low, ci_high and p_value (of no difference) come from clustered errors and Student's t with
    inputs - 1 degrees of freedom; p_permutation from sign flips of whole inputs. detectable is the
    smallest true average that such a study would find with a power of 0.8; naive_low and
    naive_high take rows for independent, as published, to compare.
    """

    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    p_permutation: float | None = None
    detectable: float | None = None
    naive_low: float | None = None
    naive_high: float | None = None
    inputs: int = 0
    rows: int = 0


def clustered_estimate(
    values: Iterable[Value],
    *,
    seed: int,
    permutations: int,
    confidence: float,
    average: Literal["macro", "pooled"] = "macro",
) -> Estimate:
    """The average of the values with its interval and p-values.

    `macro` is the mean over units, tasks, properties and rows, nested; `pooled` the mean over
    rows. With fewer than two rows a cell there is an estimate alone; `permutations` 0 leaves the
    permutation test out.
    """
    values = sorted(values)
    if not values:
        return Estimate()
    paths = sorted({(*v.unit, v.task, v.property) for v in values})
    inputs = sorted({(v.task, v.input_id) for v in values})
    cell_at = {path: n for n, path in enumerate(paths)}
    input_at = {key: n for n, key in enumerate(inputs)}
    cells_N = np.array([cell_at[(*v.unit, v.task, v.property)] for v in values])
    inputs_N = np.array([input_at[v.task, v.input_id] for v in values])
    values_N = np.array([v.value for v in values], dtype=float)
    sizes_C = np.bincount(cells_N)
    weights_C = nested_weights(paths) if average == "macro" else sizes_C / len(values)
    shares_I = np.bincount(inputs_N, (weights_C / sizes_C)[cells_N] * values_N)
    found = Estimate(float(shares_I.sum()), inputs=len(inputs), rows=len(values))
    if len(inputs) < 2 or len(values) == len(paths):
        return found
    clustered = _interval(values_N, cells_N, weights_C, confidence, inputs_N)
    naive = _interval(values_N, cells_N, weights_C, confidence)
    return found._replace(
        **clustered,
        naive_low=naive["ci_low"],
        naive_high=naive["ci_high"],
        p_permutation=_sign_flips(shares_I, seed, permutations) if permutations else None,
    )


def _interval(
    values_N: np.ndarray,
    cells_N: np.ndarray,
    weights_C: np.ndarray,
    confidence: float,
    clusters_N: np.ndarray | None = None,
) -> dict[str, float | None]:
    """The contrast of cell means: interval, p-value, and the smallest detectable average."""
    design_NC = (cells_N[:, None] == np.arange(len(weights_C))).astype(float)
    model = sm.OLS(values_N, design_NC)
    if clusters_N is None:
        fit = model.fit()
    else:
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": clusters_N}, use_t=True)
    with warnings.catch_warnings():  # a standard error of zero is looked at below
        warnings.simplefilter("ignore", RuntimeWarning)
        test = fit.t_test(weights_C)
    estimate, error = float(test.effect[0]), float(test.sd[0, 0])
    if error < 1e-12:  # no row differs from its cell: certain of zero, or of nothing
        null = abs(estimate) < 1e-12
        return {
            "ci_low": estimate,
            "ci_high": estimate,
            "p_value": 1.0 if null else None,
            "detectable": None,
        }
    low, high = test.conf_int(1 - confidence)[0]
    away = stats.t.ppf((1 + confidence) / 2, test.df_denom) + stats.t.ppf(POWER, test.df_denom)
    return {
        "ci_low": float(low),
        "ci_high": float(high),
        "p_value": float(test.pvalue),
        "detectable": float(away * error),
    }


def _sign_flips(shares_I: np.ndarray, seed: int, permutations: int) -> float:
    """Two-sided p-value of the sum: self and cross swapped in whole inputs, at random."""
    test = stats.permutation_test(
        (shares_I,),
        lambda shares, axis: np.round(shares.sum(axis=axis), 12),
        permutation_type="samples",
        vectorized=True,
        n_resamples=permutations,
        batch=256,
        rng=np.random.default_rng(rng(seed, "permutations").getrandbits(64)),
    )
    return float(test.pvalue)


def nested_weights(paths: Sequence[tuple[str, ...]]) -> np.ndarray:
    """The weight of each path when every level is averaged with equal weights; they sum to 1."""
    children: dict[tuple[str, ...], set[str]] = {}
    for path in paths:
        for depth, name in enumerate(path):
            children.setdefault(path[:depth], set()).add(name)
    return np.array(
        [np.prod([1 / len(children[path[:depth]]) for depth in range(len(path))]) for path in paths]
    )


def wilson(right: float, rows: int, confidence: float) -> tuple[float, float]:
    """Wilson's interval of a rate among independent rows (Wilson 1927, JASA 22)."""
    low, high = proportion_confint(right, rows, alpha=1 - confidence, method="wilson")
    return float(low), float(high)


def holm(p_values: Mapping[str, float | None]) -> dict[str, float]:
    """p-values corrected for their number (Holm 1979, SJS 6); those that are None do not count."""
    tested = {name: p for name, p in p_values.items() if p is not None}
    if not tested:
        return {}
    corrected = multipletests(list(tested.values()), method="holm")[1]
    return dict(zip(tested, map(float, corrected), strict=True))
