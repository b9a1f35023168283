"""Self minus cross on the same rows: the gap of the study, on all of them or on a part."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from stages.analysis.intervals import Estimate, Value, clustered_estimate
from stages.params import Params
from stages.storage.tables import Row

Behavior = tuple[str, int, str, str]
"""(target, seed, input_id, property): one thing that a target did"""


class Pair(NamedTuple):
    """Two score rows about the same behavior."""

    own: Row
    other: Row


def behavior_of(row: Row) -> Behavior:
    """What a score row is about."""
    return row["target"], row["seed"], row["input_id"], row["property"]


def pairs(rows: Iterable[Row], own: str = "self", other: str = "cross") -> list[Pair]:
    """Each row of kind `other` with the one of kind `own` about the same behavior, where it is."""
    rows = list(rows)
    owned = {behavior_of(row): row for row in rows if row["kind"] == own}
    return [
        Pair(owned[key], row)
        for row in rows
        if row["kind"] == other and (key := behavior_of(row)) in owned
    ]


def gap(
    found: Iterable[Pair], params: Params, average: Literal["macro", "pooled"] = "macro"
) -> Estimate:
    """The mean difference in accuracy (own minus other) over pairs, clustered by input."""
    return estimate(
        (
            _value(pair.other, float(pair.own["correct"]) - float(pair.other["correct"]))
            for pair in found
        ),
        params,
        average,
    )


def accuracies(found: Sequence[Pair], params: Params) -> tuple[float | None, float | None]:
    """The macro accuracy of own and of other over the pairs; their difference is the gap."""
    own, other = (
        estimate(
            [_value(pair.other, float(pair[side]["correct"])) for pair in found],
            params,
            permutations=0,
        ).estimate
        for side in (0, 1)
    )
    return own, other


def accuracy(rows: Iterable[Row], params: Params, column: str = "correct") -> Estimate:
    """The macro mean of a column over score rows, clustered by input."""
    return estimate((_value(row, float(row[column])) for row in rows), params, permutations=0)


def over_mode(rows: Iterable[Row], params: Params) -> Estimate:
    """The macro accuracy minus that of the most common value of the same rows, clustered."""
    return estimate(
        (_value(row, float(row["correct"]) - float(row["mode_correct"])) for row in rows), params
    )


def estimate(
    values: Iterable[Value],
    params: Params,
    average: Literal["macro", "pooled"] = "macro",
    permutations: int | None = None,
) -> Estimate:
    """clustered_estimate with the seed, permutations and confidence of the params."""
    rule = params.evaluate
    return clustered_estimate(
        values,
        seed=params.seed,
        confidence=rule.confidence,
        average=average,
        permutations=rule.permutations if permutations is None else permutations,
    )


def gaps_by(
    found: Iterable[Pair], params: Params, group: Callable[[Pair], tuple[str, ...]]
) -> dict[tuple[str, ...], Estimate]:
    """The gap of each group of pairs, groups in sorted order."""
    groups: dict[tuple[str, ...], list[Pair]] = {}
    for pair in found:
        groups.setdefault(group(pair), []).append(pair)
    return {name: gap(groups[name], params) for name in sorted(groups)}


def _value(row: Row, value: float) -> Value:
    unit = row["target"], row["predictor"], str(row["seed"])
    return Value(unit, row["task"], row["property"], row["input_id"], value)
