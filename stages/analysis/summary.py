"""metrics/summary.json: the few numbers of the study, with the keys that DESIGN.md fixes.

All averages are macro (tasks, then properties) over the cells that are informative for the
target; `pooled` weighs by row. Numbers that cannot be had are left out, so nothing is null.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from stages.analysis.averages import Cell, macro, mean, pooled
from stages.analysis.baselines import TEXT_CLASSIFIER
from stages.analysis.intervals import Estimate, Value, macro_estimate
from stages.analysis.scoring import Key
from stages.params import Params
from stages.storage.tables import Row


def informative_rows(rows: Iterable[Row], cells: dict[str, set[Cell]]) -> list[Row]:
    """The score rows in cells that are informative for their target."""
    return [row for row in rows if (row["task"], row["property"]) in cells[row["target"]]]


def arm(rows: Iterable[Row], target: str, kind: str, predictor: str | None = None) -> list[Row]:
    """The score rows of one arm of one target."""
    return [
        row
        for row in rows
        if (row["target"], row["kind"]) == (target, kind) and predictor in (None, row["predictor"])
    ]


def paired_gaps(rows: Iterable[Row], target: str, *, disagreeing: bool = False) -> list[Value]:
    """Self minus cross on each (input, property) that both have, for every cross-predictor.

    With `disagreeing`, only rows where the predictor's base model itself did something else
    than the target: there it cannot be right by answering for itself.
    """
    rows = list(rows)
    own = {(r["input_id"], r["property"]): r["correct"] for r in arm(rows, target, "self")}
    return [
        Value(
            (target, row["predictor"]), row["task"], row["property"], row["input_id"],
            float(own[key]) - float(row["correct"]),
        )
        for row in arm(rows, target, "cross")
        if (key := (row["input_id"], row["property"])) in own
        and (row["agree"] is False or not disagreeing)
    ]  # fmt: skip


def estimate(values: Iterable[Value], params: Params) -> Estimate:
    """macro_estimate with the seed, resamples and confidence of the params."""
    rule = params.evaluate
    return macro_estimate(
        values, seed=params.seed, resamples=rule.bootstrap, confidence=rule.confidence
    )


def summarise(rows: Sequence[Row], moved: dict[str, dict[Key, bool]], params: Params) -> dict:
    """The summary of informative score rows; `moved` as in arms.Scored."""
    subjects = params.subjects
    targets = {
        target: _target_numbers(rows, target, list(moved[target].values()), params)
        for target in subjects
    }
    gaps = [value for target in subjects for value in paired_gaps(rows, target)]
    numbers = {
        "self_accuracy": mean(numbers["self"] for numbers in targets.values()),
        "cross_accuracy": mean(mean(n["cross"].values()) for n in targets.values()),
        "gap": estimate(gaps, params)._asdict(),
        "pooled": {kind: _over_arms(rows, kind, params, pooled) for kind in ("self", "cross")},
        "baseline": {
            "mode": mean(numbers["mode"] for numbers in targets.values()),
            "text_classifier": _over_arms(rows, TEXT_CLASSIFIER, params, macro),
            "untrained_self": _over_arms(rows, "untrained", params, macro),
        },
        "compliance": {
            kind: _over_arms(rows, kind, params, macro, "compliant") for kind in ("self", "cross")
        },
        "targets": targets,
    }
    return rounded(numbers)


def _target_numbers(rows: Sequence[Row], target: str, moved: list[bool], params: Params) -> dict:
    mine = arm(rows, target, "self")
    return {
        "self": macro(mine),
        "fresh_self": macro(arm(rows, target, "fresh_self")),
        "cross": {
            predictor: macro(arm(rows, target, "cross", predictor))
            for predictor in params.subjects
            if predictor != target
        },
        "mode": macro(mine, "mode_correct"),
        "gap": estimate(paired_gaps(rows, target), params)._asdict(),
        "disagreement_gap": estimate(paired_gaps(rows, target, disagreeing=True), params).estimate,
        "behavior_drift": mean(moved),
    }


def _over_arms(rows: Sequence[Row], kind: str, params: Params, average, column="correct"):
    """Mean over targets of the mean over predictors of an average of one arm."""
    return mean(
        mean(
            average(arm(rows, target, kind, predictor), column)
            for predictor in sorted({r["predictor"] for r in arm(rows, target, kind)})
        )
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
