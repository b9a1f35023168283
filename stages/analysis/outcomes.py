"""Accuracies and differences over outcome rows (stages/experiments), clustered by input."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from stages.analysis.intervals import Estimate, Value, clustered_estimate
from stages.params import Params
from stages.storage.tables import Row
from stages.study.properties import PROPERTIES

ROWS_PER_CONDITION = 2
SHOWN = ("estimate", "ci_low", "ci_high", "inputs", "rows")


def average(
    rows: Iterable[Row], params: Params, value: Callable[[Row], float], *, test: bool = False
) -> dict[str, Any]:
    """The macro mean of a value over rows with its interval; with `test` also its p-values.

    Macro: over targets, predictors, seeds, tasks and properties, nested; clustered by input.
    """
    found = clustered_estimate(
        (
            Value(
                (row["target"], row["predictor"], str(row["seed"])),
                row["task"],
                row["property"],
                row["input_id"],
                value(row),
            )
            for row in rows
        ),
        seed=params.seed,
        confidence=params.evaluate.confidence,
        permutations=params.evaluate.permutations if test else 0,
    )
    return shown(found, test=test)


def accuracy(rows: Iterable[Row], params: Params, column: str = "correct") -> dict[str, Any]:
    """The macro mean of a column that is true or false."""
    return average(rows, params, lambda row: float(row[column]))


def difference(
    own: Sequence[Row], other: Sequence[Row], params: Params, column: str = "correct"
) -> dict[str, Any]:
    """Own minus other on what both predicted, by (target, seed, condition, input, property)."""
    first = {_about(row): row for row in own}
    return average(
        [
            row | {"minus": float(first[key][column]) - float(row[column])}
            for row in other
            if (key := _about(row)) in first
        ],
        params,
        lambda row: row["minus"],
        test=True,
    )


def number_of_values(rows: Sequence[Row]) -> dict[tuple, str]:
    """(target, task, property) -> "two" or "several": how many values the behavior there takes.

    Two where the answers are a closed set and no more than two of them occur, before or after:
    whoever is wrong about the one is right about the other, so that is one number and not two.
    """
    return {
        cell: "two"
        if PROPERTIES[cell[2]].closed_answers() is not None
        and len({row[column] for row in own for column in ("truth", "other_truth")}) <= 2
        else "several"
        for cell, own in groups(rows, "target", "task", "property").items()
    }


def groups(rows: Iterable[Row], *columns: str) -> dict[tuple, list[Row]]:
    """The rows by the values of some columns, in the order in which they were met."""
    found: dict[tuple, list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[column] for column in columns), []).append(row)
    return found


def shown(found: Estimate, *, test: bool = False) -> dict[str, Any]:
    """An estimate for a metrics file: four decimals, nothing that has no value."""
    columns: Mapping[str, Any] = found._asdict()
    names = (*SHOWN, "p_value", "p_permutation", "detectable") if test else SHOWN
    return {
        name: round(value, 4) + 0.0 if isinstance(value, float) else value
        for name in names
        if (value := columns[name]) is not None
    }


def sample_rows(rows: Sequence[Row]) -> list[Row]:
    """What a reader looks at: the first rows by input_id, a hash, of each arm and condition."""
    taken: dict[tuple, int] = {}
    chosen = []
    for row in sorted(rows, key=lambda row: (row["input_id"], row["property"])):
        cell = row["target"], row["condition"], row["kind"], row["predictor"]
        taken[cell] = taken.get(cell, 0) + 1
        if taken[cell] <= ROWS_PER_CONDITION:
            asked = "\n".join(message["content"] for message in row["question"] or [])
            names = ("property", "raw_answer", "answer", "truth", "other_truth", "correct")
            about = dict(zip(("target", "condition", "kind", "predictor"), cell, strict=True))
            chosen.append(about | {"question": asked} | {name: row[name] for name in names})
    return sorted(chosen, key=lambda row: (row["target"], row["condition"], row["kind"]))


def _about(row: Row) -> tuple:
    return row["target"], row["seed"], row["condition"], row["input_id"], row["property"]
