"""metrics/by_task.json, metrics/by_property.json: every cell's numbers, uninformative ones too."""

from collections.abc import Callable, Sequence

from stages.analysis.arms import Scored
from stages.analysis.averages import macro, mean, pooled
from stages.analysis.evidence import Evidence
from stages.analysis.gaps import gaps_by, pairs
from stages.analysis.intervals import wilson
from stages.analysis.summary import informative_rows, rounded
from stages.params import Params
from stages.storage.tables import Row

ARM = ("target", "kind", "predictor")
RULES = {
    "paper": "object answer does not comply: row left out; prediction does not comply: wrong",
    "exclude": "either does not comply: row left out",
    "keep": "both kept and compared as they are",
}


def by_task(scored: Scored, behavior: list[Row], evidence: Evidence, params: Params) -> dict:
    """Behavior before training, accuracy of each arm and cell, gaps, variants of the rule."""
    rows = informative_rows(scored.rows)
    return {
        "behavior": [rounded(row) for row in behavior],
        "uninformative": [
            {
                "model": row["model"],
                "task": row["task"],
                "role": row["role"],
                "property": row["property"],
                "reason": row["reason"],
            }
            for row in behavior
            if not row["informative"]
        ],
        "accuracy": _accuracy(scored, params),
        "arms": _arms_by_every_rule(scored),
        "gaps": gap_table(rows, params, "task"),
        "rules": RULES,
        "training": {
            name: rounded({k: v for k, v in log.items() if k != "loss"})
            for name, log in evidence.training.items()
        },
    }


def by_property(scores: Sequence[Row], params: Params) -> dict[str, list[Row]]:
    """Each arm and property: means over tasks and rows of informative score rows; and gaps."""
    rows = informative_rows(scores)
    return {
        "arms": _group(rows, _arm_numbers, "property"),
        "gaps": gap_table(rows, params, "property"),
    }


def gap_table(rows: Sequence[Row], params: Params, column: str) -> list[Row]:
    """The gap of each value of a column, over all targets ("all") and of each target."""
    found = pairs(rows)
    everywhere = gaps_by(found, params, lambda pair: ("all", pair.other[column]))
    each = gaps_by(found, params, lambda pair: (pair.other["target"], pair.other[column]))
    return [
        {"target": target, column: name, **rounded(estimate._asdict())}
        for (target, name), estimate in (everywhere | each).items()
    ]


def _group(rows: Sequence[Row], numbers: Callable[[list[Row]], dict], *columns: str) -> list[Row]:
    """`numbers` of the rows of each target, kind, predictor and further columns, in first order."""
    names = (*ARM, *columns)
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return [
        dict(zip(names, key, strict=True)) | rounded(numbers(group))
        for key, group in groups.items()
    ]


def _arm_numbers(rows: list[Row]) -> dict:
    return {
        "rows": len(rows),
        "cells": len({(row["task"], row["property"]) for row in rows}),
        "accuracy": macro(rows),
        "pooled": pooled(rows),
        "mode": macro(rows, "mode_correct"),
        "compliance": macro(rows, "compliant"),
    }


def _accuracy(scored: Scored, params: Params) -> list[Row]:
    """Numbers of each arm, cell and seed; in a cell rows are of different inputs, so Wilson's."""

    def cell_numbers(rows: list[Row]) -> dict:
        first = rows[0]
        low, high = wilson(
            sum(row["correct"] for row in rows), len(rows), params.evaluate.confidence
        )
        return {
            "informative": first["informative"],
            "rows": len(rows),
            "excluded": scored.excluded[first["target"], first["seed"]].get(
                (first["task"], first["property"]), 0
            ),
            "accuracy": mean(row["correct"] for row in rows),
            "ci_low": low,
            "ci_high": high,
            "mode_answer": first["mode_answer"],
            "mode": mean(row["mode_correct"] for row in rows),
            "compliance": mean(row["compliant"] for row in rows),
            "agreement": mean(row["agree"] for row in rows),
            "behavior_drift": mean(
                row["before"] != row["truth"] for row in rows if row["before"] is not None
            ),
        }

    return _group(scored.rows, cell_numbers, "seed", "task", "property")


def _arms_by_every_rule(scored: Scored) -> list[Row]:
    """Numbers of each arm by the paper's rule, and its accuracies by the two of its code."""
    rows = informative_rows(scored.rows)
    others = {
        "exclude": [row for row in rows if row["compliant"]],
        "keep": informative_rows(scored.kept),
    }
    table = _group(rows, _arm_numbers)
    for rule, kept in others.items():
        numbers = {_arm(found): found for found in _group(kept, _accuracies_by(rule))}
        for row in table:
            row |= numbers.get(_arm(row), {})
    return table


def _arm(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ARM)


def _accuracies_by(rule: str) -> Callable[[list[Row]], dict]:
    return lambda rows: {
        f"rows_{rule}": len(rows),
        f"accuracy_{rule}": macro(rows),
        f"pooled_{rule}": pooled(rows),
    }
