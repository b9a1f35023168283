"""metrics/by_task.json, metrics/by_property.json: numbers of all cells, those not used too."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.arms import Scored
from stages.analysis.averages import means
from stages.analysis.columns import groups, records, same, select
from stages.analysis.families import by_family
from stages.analysis.intervals import FEWEST
from stages.analysis.primary import counted
from stages.analysis.rates import wilson
from stages.analysis.rounding import rounded
from stages.analysis.rule import Rule
from stages.analysis.summary import gap, gap_pairs, informative_rows
from stages.storage.tables import Row

ARM = ["target", "kind", "predictor"]
CELL = [*ARM, "seed", "task", "property"]
RULES = {
    "paper": "object answer does not comply: row left out; prediction does not comply: wrong",
    "exclude": "either does not comply: row left out",
    "keep": "both kept and compared, in one form",
}


def by_task(
    scored: Scored,
    cells: Sequence[Row],
    letters: Sequence[Row],
    training: Mapping[str, Mapping[str, Any]],
    rule: Rule,
) -> dict[str, Any]:
    """Which cells count or why not, accuracy of each arm and cell, gaps, variants of the rule."""
    return {
        "cells": [rounded(row) for row in cells],
        "small": small_cells(informative_rows(scored.rows), rule),
        "accuracy": cell_table(scored.rows, scored.excluded, rule),
        "arms": arms_by_every_rule(scored, rule),
        "gaps": gap_table(informative_rows(scored.rows), rule, "task"),
        "letters": [rounded(row) for row in letters],
        "rules": RULES,
        "training": {
            name: rounded({k: v for k, v in log.items() if k != "loss"})
            for name, log in training.items()
        },
    }


def by_property(scores: pd.DataFrame, rule: Rule) -> dict[str, list[Row]]:
    """Each arm and property: means over tasks and rows of informative score rows; and gaps."""
    rows = informative_rows(scores)
    return {
        "arms": [
            dict(zip((*ARM, "property"), group, strict=True)) | rounded(_arm_numbers(own, rule))
            for group, own in groups(rows, *ARM, "property", sort=False)
        ],
        "gaps": gap_table(rows, rule, "property"),
    }


def gap_table(rows: pd.DataFrame, rule: Rule, column: str) -> list[Row]:
    """The gap of each value of a column, over all targets ("all") and of each target.

    The rows that have one target are a family of comparisons.
    """
    pairs = gap_pairs(rows)
    found = [("all", name, own) for (name,), own in groups(pairs, column)]
    found += [(target, name, own) for (target, name), own in groups(pairs, "target", column)]
    table = [
        {"target": target, column: name, **rounded(gap(own, rule))} for target, name, own in found
    ]
    return by_family(table, "target")


def small_cells(rows: pd.DataFrame, rule: Rule) -> list[Row]:
    """The informative cells that have too few scored rows to count in an average, and why."""
    found, columns = [], ["target", "seed", "task", "property"]
    for cell, own in groups(rows[[*columns, "input_id"]], *columns):
        size = own["input_id"].nunique()
        if size < rule.min_cell_rows:
            names = dict(zip(columns, cell, strict=True))
            reason = f"{size} of its rows are scored, under {rule.min_cell_rows}"
            found.append(names | {"seed": int(names["seed"]), "rows": size, "reason": reason})
    return found


def cell_table(rows: pd.DataFrame, excluded: pd.DataFrame, rule: Rule) -> list[Row]:
    """Numbers of each arm, cell and seed; in a cell rows are of different inputs, so Wilson's.

    Under FEWEST inputs a rate has no interval.
    """
    there = rows["before"].notna()
    counted = rows.assign(
        agreement=rows["agree"].astype("boolean").astype(float),
        behavior_drift=(~same(rows["before"], rows["truth"])).astype(float).where(there),
    )
    table = counted.groupby(CELL, sort=False, observed=True, as_index=False).agg(
        informative=("informative", "first"),
        rows=("correct", "size"),
        right=("correct", "sum"),
        accuracy=("correct", "mean"),
        mode_answer=("mode_answer", "first"),
        mode=("mode_correct", "mean"),
        compliance=("compliant", "mean"),
        agreement=("agreement", "mean"),
        behavior_drift=("behavior_drift", "mean"),
    )
    ends = wilson(table["right"].to_numpy(), table["rows"].to_numpy(), rule.confidence)
    table["ci_low"], table["ci_high"] = (np.where(table["rows"] < FEWEST, np.nan, e) for e in ends)
    names = {name: table[name].astype(object) for name in CELL}
    table = table.assign(**names).merge(
        excluded, on=["target", "seed", "task", "property"], how="left"
    )
    table["excluded"] = table["excluded"].fillna(0).astype(int)
    shown = [*CELL, "informative", "rows", "excluded", "accuracy", "ci_low", "ci_high"]
    shown += ["mode_answer", "mode", "compliance", "agreement", "behavior_drift"]
    return rounded(records(table[shown].astype(object).where(table[shown].notna(), None)))


def arms_by_every_rule(scored: Scored, rule: Rule) -> list[Row]:
    """Numbers of each arm by the paper's rule, and its accuracies by the two of its code."""
    rows = informative_rows(scored.rows)
    variants = {"exclude": select(rows, compliant=True), "keep": informative_rows(scored.kept)}
    table = {arm: _arm_numbers(own, rule) for arm, own in groups(rows, *ARM, sort=False)}
    for name, kept in variants.items():
        for arm, own in groups(kept, *ARM):
            if arm in table:
                table[arm].update(_accuracies_by(name, own, rule))
    return [dict(zip(ARM, arm, strict=True)) | rounded(found) for arm, found in table.items()]


def _arm_numbers(rows: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    found = counted(rows, rule)
    of = means(found, rule, "correct", "mode_correct", "compliant")
    return {
        "rows": len(found),
        "cells": len(found[["task", "property"]].drop_duplicates()),
        "accuracy": of["correct"],
        "pooled": _by_row(found),
        "mode": of["mode_correct"],
        "compliance": of["compliant"],
    }


def _accuracies_by(name: str, rows: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    found = counted(rows, rule)
    return {
        f"rows_{name}": len(found),
        f"accuracy_{name}": means(found, rule, "correct")["correct"],
        f"pooled_{name}": _by_row(found),
    }


def _by_row(rows: pd.DataFrame) -> float | None:
    return float(rows["correct"].mean()) if len(rows) else None
