"""What MC's predictions say: does it know what it does now, and more of it than M1 that did not?

Looked at are the rows that moved: MC and M1 both comply and do different things. Cells with
two values say one thing only there, as who does not predict the new one predicts the old one.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.averages import accuracy, average, difference
from stages.analysis.behaviors import entropy_kept, is_among, number_of_values
from stages.analysis.columns import group_codes, groups, modes, same, select
from stages.analysis.rounding import shown
from stages.analysis.rule import Rule
from stages.experiments.behavior_change.params import Told
from stages.storage.tables import Row
from stages.study.arms import CROSS, SELF
from stages.study.design import Design

CHANGED, BEHAVIOR = "changed", "behavior"
"""kinds: MC that predicts itself; what MC does, taken for a prediction of what M1 did"""
ARMS = (CHANGED, SELF, CROSS)
CELL = ("target", "seed", "predictor", "kind", "task", "property")


def numbers(rows: pd.DataFrame, told: Told, design: Design, rule: Rule) -> dict[str, Any]:
    """Numbers by target of which there are some, and of `all` targets together.

    `several_values` and `two_values` are the rows that moved, by how many values their cell
    has. `changed_minus_self` is MC's accuracy on new minus old behavior, minus the same of M1,
    which was not changed; of two values it is MC's accuracy on the new minus M1's.
    """
    behavior, predictions = select(rows, kind=BEHAVIOR), compared(select(rows, kind=ARMS))
    found = {}
    for target in (*design.subjects, "all"):
        name = None if target == "all" else target
        did, said = select(behavior, target=name), select(predictions, target=name)
        if name and not len(did):  # it cannot be taught
            continue
        moved = select(said, moved=True)
        found[target] = {
            "tasks": {task: change(own, rule) for (task,), own in groups(did, "task")},
            **change(did, rule),
            "several_values": several_values(select(moved, values="several"), rule),
            "two_values": two_values(select(moved, values="two"), rule),
            "stayed": by_arm(select(said, moved=False), rule, "new"),
            "properties": {
                name: on_property(own, rule) for (name,), own in groups(moved, "property")
            },
        }
    return {"answers": told.answers, "targets": found}


def compared(predictions: pd.DataFrame) -> pd.DataFrame:
    """The predictions about what both MC and M1 did, with what they say of either.

    `new` and `old` are 1.0 where the prediction is right of what MC does and M1 did, and
    `advantage` is new minus old, `values` how many the cell has; `mode_new` and `mode_old` are 1.0
    where the most common value of the cell, moved or not, is right.
    """
    rows = predictions[predictions["other_truth"].notna()]
    new = rows["correct"].astype(float)
    old = (rows["compliant"] & same(rows["answer"], rows["other_truth"])).astype(float)
    by_mode = {
        name: same(modes(rows, column, CELL), rows[column]).astype(float)
        for name, column in (("mode_new", "truth"), ("mode_old", "other_truth"))
    }
    return rows.assign(
        new=new,
        old=old,
        advantage=new - old,
        moved=~same(rows["truth"], rows["other_truth"]),
        values=number_of_values(rows),
        **by_mode,
    )


def change(did: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """How much of what M1 did moved, where MC complies, and how often it does."""
    complied = select(did, compliant=True)
    return {
        "moved": shown(accuracy(complied.assign(moved=~complied["correct"]), rule, "moved")),
        "complies": shown(accuracy(did, rule, "compliant")),
    }


def several_values(moved: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """Both accuracies of each arm, those of the modes, and how MC differs from the others."""
    changed, own, cross = (select(moved, kind=kind) for kind in ARMS)
    return {
        "arms": {kind: both(select(moved, kind=kind), rule) for kind in ARMS},
        "mode": {
            "new": shown(accuracy(changed, rule, "mode_new")),
            "old": shown(accuracy(changed, rule, "mode_old")),
        },
        "changed_minus_self": shown(difference(changed, own, rule, "advantage", limit=2)),
        "of_new": shown(difference(changed, own, rule, "new")),
        "of_old": shown(difference(changed, own, rule, "old")),
        "changed_minus_cross": shown(difference(changed, cross, rule, "advantage", limit=2)),
        "entropy_matched": entropy_matched(moved, rule),
    }


def two_values(moved: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """Accuracy on the new behavior where the answer complies: with that on the old it is one."""
    complying = select(moved, compliant=True)
    changed, own = (select(complying, kind=kind) for kind in (CHANGED, SELF))
    return {
        "arms": by_arm(complying, rule, "new"),
        "complies": by_arm(moved, rule, "compliant"),
        "mode": {"new": shown(accuracy(select(moved, kind=CHANGED), rule, "mode_new"))},
        "changed_minus_self": shown(difference(changed, own, rule, "new")),
    }


def on_property(moved: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """Accuracies of each arm on a property's rows that moved; of two values only the new.

    Where some cells have several values and others two, those with several count.
    """
    several = select(moved, values="several")
    if not len(several):
        complying = select(moved, compliant=True)
        return {kind: {"new": value} for kind, value in by_arm(complying, rule, "new").items()}
    return {kind: both(select(several, kind=kind), rule) for kind in ARMS}


def entropy_matched(moved: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """Both accuracies on rows on which each value is as often the new one as the old one.

    That of the new behavior is taken on other rows than that of the old (the paper's Fig. 24).
    """
    old, new = entropy_kept(select(moved, kind=CHANGED), "other_truth", "truth")
    rows = moved.assign(in_old=is_among(moved, old), in_new=is_among(moved, new))
    arms = {kind: select(rows, kind=kind) for kind in ARMS}
    return {
        kind: {
            "new": shown(accuracy(select(own, in_new=True), rule, "new")),
            "old": shown(accuracy(select(own, in_old=True), rule, "old")),
            "difference": shown(average(_matched(own), rule, "share")),
        }
        for kind, own in arms.items()
    }


def _matched(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows in either set, with a `share` whose mean over a cell is new minus old there."""
    here = rows[rows["in_old"] | rows["in_new"]]
    cells_N = group_codes(here, CELL)
    sizes_N = np.bincount(cells_N)[cells_N]
    new_N = np.bincount(cells_N, here["in_new"])[cells_N]  # as many as in old
    found = here["in_new"] * here["new"] - here["in_old"] * here["old"]
    return here.assign(share=found * sizes_N / new_N)


def both(rows: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """Accuracy on the new behavior, on the old, and their difference with its p-values."""
    return {
        "new": shown(accuracy(rows, rule, "new")),
        "old": shown(accuracy(rows, rule, "old")),
        "difference": shown(average(rows, rule, "advantage")),
    }


def by_arm(rows: pd.DataFrame, rule: Rule, column: str) -> dict[str, Any]:
    """The macro mean of a column for each arm."""
    return {kind: shown(accuracy(select(rows, kind=kind), rule, column)) for kind in ARMS}


def plot(numbers: Mapping[str, Any]) -> list[Row]:
    """A bar for each arm and behavior, with its interval, by target and number of values."""
    points = []
    for target, found in numbers["targets"].items():
        several, two = found["several_values"], found["two_values"]
        bars = [
            ("several values", kind, behavior, value[behavior])
            for kind, value in {**several["arms"], "mode": several["mode"]}.items()
            for behavior in ("new", "old")
        ]
        bars += [
            ("two values", kind, "new", value)
            for kind, value in {**two["arms"], "mode": two["mode"]["new"]}.items()
        ]
        points += [
            {
                "target": target,
                "values": values,
                "kind": kind,
                "behavior": behavior,
                "accuracy": value["estimate"],
                "ci_low": value.get("ci_low"),
                "ci_high": value.get("ci_high"),
            }
            for values, kind, behavior, value in bars
            if "estimate" in value
        ]
    return points
