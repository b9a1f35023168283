"""Do predictions move with the behavior when both get the same prefix?

Looked at are the rows that moved: with the prefix M1 does something else than without it. Who read
the prefix and knows the model predicts the first rather than the second; who answered the plain
question cannot have read it, so its difference is what chance and the prompt give (the control).
Where a cell has two values, who is wrong about the one is right about the other: that is one
number and not two, so such cells stand apart.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stages.analysis.averages import accuracy, average, difference
from stages.analysis.behaviors import BEHAVIOR, number_of_values
from stages.analysis.columns import modes, same, select
from stages.analysis.rounding import shown
from stages.analysis.rule import Rule
from stages.experiments.prompt_shift.params import Told
from stages.storage.tables import Row
from stages.study.arms import CROSS, SELF
from stages.study.design import Design

ARMS = (SELF, CROSS)
PLAIN = ":plain question"
"""follows a prefix's name in the condition of a question that does not show it"""
VALUES = ("several", "two")
CELL = ("target", "seed", "condition", "task", "property")


def numbers(rows: pd.DataFrame, told: Told, design: Design, rule: Rule) -> dict[str, Any]:
    """By target and prefix: the share of behavior that moved, and who predicts it.

    An advantage is accuracy about the behavior with the prefix minus that without. `moves` is how
    much larger it is when the question has the prefix too, of the same predictor, and
    `self_minus_cross` how much larger it is then for self. Of two values both are of the accuracy
    about the behavior with the prefix.
    """
    table = compared(rows)
    return {
        "prefixes": dict(told.prefixes),
        "targets": {
            target: {
                prefix: _of_prefix(select(table, target=target, condition=prefix), rule)
                for prefix in told.prefixes
            }
            for target in design.subjects
        },
    }


def _of_prefix(rows: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    behavior = rows.drop_duplicates(BEHAVIOR, keep="last")
    return {
        "moved": shown(accuracy(behavior, rule, "moved")),
        **{
            values: {
                "moved": on_rows(select(rows, values=values, moved=True), values, rule),
                "all": on_rows(select(rows, values=values), values, rule),
            }
            for values in VALUES
        },
    }


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose input has a behavior with and without the prefix, with what they say of either.

    `condition` is the prefix alone and `plain` whether the question had none. `right_plain` is
    whether the prediction is right of the plain behavior, `advantage` how much more it is right of
    the prefixed one; `mode_plain` whether the most common plain behavior of the cell, moved or
    not, is right. `values` says how many the cell has.
    """
    rows = rows[rows["other_truth"].notna()]
    condition, did = rows["condition"].astype(str), rows["other_truth"]
    right_plain = rows["compliant"] & same(rows["answer"], did)
    rows = rows.assign(
        condition=condition.str.removesuffix(PLAIN),
        plain=condition.str.endswith(PLAIN),
        moved=~same(rows["truth"], did),
        right_plain=right_plain,
        advantage=rows["correct"].astype(float) - right_plain.astype(float),
        values=number_of_values(rows),
    )
    return rows.assign(mode_plain=same(modes(rows, "other_truth", CELL), did))


def on_rows(rows: pd.DataFrame, values: str, rule: Rule) -> dict[str, Any]:
    """Accuracies of each arm about either behavior, and what the prefix moves."""
    column, limit = ("correct", 1.0) if values == "two" else ("advantage", 2.0)
    asked = {
        (kind, plain): select(rows, kind=kind, plain=plain)
        for kind in ARMS
        for plain in (False, True)
    }
    arms = {
        f"{kind}, plain question" if plain else kind: {
            "with": shown(accuracy(own, rule)),
            "without": shown(accuracy(own, rule, "right_plain")),
            "difference": shown(average(own, rule, "advantage")),
        }
        for (kind, plain), own in asked.items()
    }
    one, cross = asked[SELF, False], asked[CROSS, False]
    own = one if len(one) else cross  # no self about a target that was not trained
    arms["most common answer"] = {
        "with": shown(accuracy(own, rule, "mode_correct")),
        "without": shown(accuracy(own, rule, "mode_plain")),
    }
    moves = {
        kind: difference(
            asked[kind, False], asked[kind, True], rule, column, by=["predictor"], limit=limit
        )
        for kind in ARMS
    }
    return {
        "arms": arms,
        "moves": {kind: shown(found) for kind, found in moves.items()},
        "self_minus_cross": shown(difference(one, cross, rule, column, limit=limit)),
    }


def plot(numbers: Mapping[str, Any]) -> list[Row]:
    """Accuracies on rows that moved: by target, prefix, values and arm, about either behavior."""
    return [
        {
            "target": target,
            "prefix": prefix,
            "values": values,
            "kind": kind,
            "behavior": f"{behavior} the prefix",
            "accuracy": of[behavior]["estimate"],
            "ci_low": of[behavior].get("ci_low"),
            "ci_high": of[behavior].get("ci_high"),
        }
        for target, prefixes in numbers["targets"].items()
        for prefix, found in prefixes.items()
        for values in VALUES
        for kind, of in found[values]["moved"]["arms"].items()
        for behavior in ("with", "without")
        if "estimate" in of[behavior]
    ]
