"""metrics/by_task.json, metrics/by_property.json: every cell's numbers, uninformative ones too."""

from collections.abc import Callable, Sequence

from stages.analysis.arms import Scored
from stages.analysis.averages import Cell, macro, mean, pooled
from stages.analysis.evidence import Evidence
from stages.analysis.summary import informative_rows, rounded
from stages.storage.tables import Row

RULES = {
    "paper": "object answer does not comply: row left out; prediction does not comply: wrong",
    "exclude_noncompliant": "either does not comply: row left out",
    "keep_noncompliant": "both kept and compared as they are",
}


def by_task(
    scored: Scored, behavior: list[Row], cells: dict[str, set[Cell]], evidence: Evidence
) -> dict:
    """Behavior before training, accuracy of each arm and cell, variants of the rule, training."""
    return {
        "behavior": [rounded(row) for row in behavior],
        "uninformative": [
            {"model": row["model"], "task": row["task"], "role": row["role"],
             "property": row["property"], "reason": row["reason"]}
            for row in behavior if not row["informative"]
        ],
        "accuracy": _accuracy(scored, cells, evidence),
        "arms": _group(informative_rows(scored.rows, cells), _arm_numbers),
        "rules": {"meaning": RULES, "numbers": _rules(scored, cells)},
        "training": {
            name: rounded({k: v for k, v in log.items() if k != "loss"})
            for name, log in evidence.training.items()
        },
    }  # fmt: skip


def by_property(rows: Sequence[Row]) -> list[Row]:
    """Each arm and property: the mean over tasks, and over rows, of informative score rows."""
    return _group(rows, _arm_numbers, "property")


def _group(rows: Sequence[Row], numbers: Callable[[list[Row]], dict], *columns: str) -> list[Row]:
    """`numbers` of the rows of each target, kind, predictor and further columns, in first order."""
    names = ("target", "kind", "predictor", *columns)
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


def _accuracy(scored: Scored, cells: dict[str, set[Cell]], evidence: Evidence) -> list[Row]:
    moved: dict[tuple[str, Cell], list[bool]] = {}
    for target, found in scored.moved.items():
        for (key, name), differs in found.items():
            moved.setdefault((target, (evidence.inputs[key]["task"], name)), []).append(differs)

    def cell_numbers(rows: list[Row]) -> dict:
        target, cell = rows[0]["target"], (rows[0]["task"], rows[0]["property"])
        return {
            "informative": cell in cells[target],
            "rows": len(rows),
            "excluded": scored.excluded[target].get(cell, 0),
            "accuracy": mean(row["correct"] for row in rows),
            "mode_answer": rows[0]["mode_answer"],
            "mode": mean(row["mode_correct"] for row in rows),
            "compliance": mean(row["compliant"] for row in rows),
            "agreement": mean(row["agree"] for row in rows),
            "behavior_drift": mean(moved.get((target, cell), [])),
        }

    return _group(scored.rows, cell_numbers, "task", "property")


def _rules(scored: Scored, cells: dict[str, set[Cell]]) -> dict[str, list[Row]]:
    paper = informative_rows(scored.rows, cells)
    rows = {
        "paper": paper,
        "exclude_noncompliant": [row for row in paper if row["compliant"]],
        "keep_noncompliant": informative_rows(scored.kept, cells),
    }

    def numbers(rows: list[Row]) -> dict:
        return {"rows": len(rows), "accuracy": macro(rows), "pooled": pooled(rows)}

    return {rule: _group(found, numbers) for rule, found in rows.items()}
