"""metrics/summary.json: the few numbers of the study, from score rows alone.

All averages are macro (tasks, then properties) over the cells that are informative for the
target; `pooled` weighs by row. Numbers that cannot be had are left out, so nothing is null.
"""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, stdev
from typing import Any

from scipy import stats

from stages.analysis.averages import macro, mean, pooled
from stages.analysis.baselines import TRAINED_BASELINES
from stages.analysis.gaps import Pair, gap, pairs
from stages.analysis.intervals import holm
from stages.params import Params
from stages.storage.tables import Row


def informative_rows(rows: Iterable[Row]) -> list[Row]:
    """The score rows in cells that are informative for their target."""
    return [row for row in rows if row["informative"]]


def arm(rows: Iterable[Row], target: str, kind: str, predictor: str | None = None) -> list[Row]:
    """The score rows of one arm of one target."""
    return [
        row
        for row in rows
        if (row["target"], row["kind"]) == (target, kind) and predictor in (None, row["predictor"])
    ]


def summarise(scores: Sequence[Row], params: Params) -> dict:
    """The summary of all score rows; those of uninformative cells give the drift only."""
    rows = informative_rows(scores)
    found, fresh = pairs(rows), pairs(rows, "fresh_self")
    targets = {
        target: _target_numbers(rows, scores, target, found, fresh, params)
        for target in params.subjects
    }
    corrected = holm({t: numbers["gap"]["p_value"] for t, numbers in targets.items()})
    for target, p_value in corrected.items():
        targets[target]["gap"]["p_holm"] = p_value
    numbers = {
        "self_accuracy": mean(numbers["self"] for numbers in targets.values()),
        "cross_accuracy": mean(mean(n["cross"].values()) for n in targets.values()),
        "gap": gap(found, params)._asdict(),
        "fresh_gap": gap(fresh, params)._asdict(),
        "pooled": {kind: _over_arms(rows, kind, params, pooled) for kind in ("self", "cross")}
        | {"gap": gap(found, params, "pooled")._asdict()},
        "baseline": {
            "mode": mean(numbers["mode"] for numbers in targets.values()),
            "untrained_self": _over_arms(rows, "untrained", params, macro),
            **{
                kind: _over_arms(rows, kind, params, macro, predictor="{}-cross")
                for kind in TRAINED_BASELINES
            },
            "own_behavior": mean(
                mean(n["own_behavior"].get(p) for p in params.subjects if p != target)
                for target, n in targets.items()
            ),
        },
        "compliance": {
            kind: _over_arms(rows, kind, params, macro, "compliant") for kind in ("self", "cross")
        },
        "targets": targets,
        "seeds": seed_spread(found, params),
    }
    return rounded(numbers)


def _target_numbers(
    rows: Sequence[Row],
    scores: Sequence[Row],
    target: str,
    found: Sequence[Pair],
    fresh: Sequence[Pair],
    params: Params,
) -> dict:
    mine = arm(rows, target, "self")
    paired = [pair for pair in found if pair.own["target"] == target]
    disagreeing = [pair for pair in paired if pair.other["agree"] is False]
    others = [predictor for predictor in params.subjects if predictor != target]
    return {
        "self": macro(mine),
        "fresh_self": macro(arm(rows, target, "fresh_self")),
        "cross": {predictor: macro(arm(rows, target, "cross", predictor)) for predictor in others},
        "mode": macro(mine, "mode_correct"),
        "untrained": macro(arm(rows, target, "untrained")),
        "own_behavior": {p: macro(arm(rows, target, "own_behavior", p)) for p in params.subjects},
        "baseline": {
            rows_of: {
                kind: macro(arm(rows, target, kind, f"{target}-{rows_of}"))
                for kind in TRAINED_BASELINES
            }
            for rows_of in ("cross", "self")
        },
        "gap": gap(paired, params)._asdict(),
        "fresh_gap": gap([p for p in fresh if p.own["target"] == target], params)._asdict(),
        "disagreement_gap": gap(disagreeing, params).estimate,
        "behavior_drift": mean(
            row["before"] != row["truth"]
            for row in arm(scores, target, "self")
            if row["before"] is not None
        ),
    }


def seed_spread(found: Sequence[Pair], params: Params) -> dict:
    """The gap by training seed; from two seeds on also its spread and an interval over seeds.

    The clustered interval says what other inputs would give, this one (Student's t over the gaps
    of the seeds, so wide where they are few) what other training runs would.
    """
    if len(params.seeds) < 2 or not found:
        return {}
    gaps = {
        seed: gap([pair for pair in found if pair.own["seed"] == seed], params).estimate
        for seed in params.seeds
    }
    values = [value for value in gaps.values() if value is not None]
    spread = stdev(values)
    half = stats.t.ppf((1 + params.evaluate.confidence) / 2, len(values) - 1) * (
        spread / len(values) ** 0.5
    )
    return {
        "gap": {str(seed): value for seed, value in gaps.items()},
        "sd": spread,
        "ci_low": fmean(values) - half,
        "ci_high": fmean(values) + half,
    }


def _over_arms(
    rows: Sequence[Row],
    kind: str,
    params: Params,
    average: Callable[[list[Row], str], float | None],
    column: str = "correct",
    predictor: str | None = None,
) -> float | None:
    """Mean over targets of the mean over predictors of an average of one arm.

    `predictor` names the only one that counts, with {} for the target.
    """

    def wanted(target: str) -> list[str]:
        if predictor is not None:
            return [predictor.format(target)]
        return sorted({row["predictor"] for row in arm(rows, target, kind)})

    return mean(
        mean(average(arm(rows, target, kind, name), column) for name in wanted(target))
        for target in params.subjects
    )


def rounded(value: Any) -> Any:
    """The same nested value with floats of 4 decimals and without keys that have no value."""
    if isinstance(value, dict):
        items = {key: rounded(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not None and item != {}}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(value, 4) + 0.0 if isinstance(value, float) else value
