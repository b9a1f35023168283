"""Do predictions move with the behavior when both get the same prefix?

Looked at are the rows that moved: with the prefix M1 does something else than without it. Who read
the prefix and knows the model predicts the first rather than the second; who answered the plain
question cannot have read it, so its difference is what chance and the prompt give (the control).
Where a cell has two values, who is wrong about the one is right about the other: that is one
number and not two, so such cells stand apart.
"""

from collections.abc import Sequence
from typing import Any

from stages.analysis.outcomes import accuracy, average, difference, groups, number_of_values
from stages.params import Params
from stages.storage.tables import Row
from stages.study.truth import most_common

ARMS = ("self", "cross")
PLAIN = ":plain question"
VALUES = ("several", "two")
PARTS = {"moved": lambda row: row["moved"], "all": lambda row: True}


def numbers(rows: Sequence[Row], params: Params) -> dict[str, Any]:
    """By target and prefix: the share of behavior that moved, and who predicts it.

    An advantage is accuracy about the behavior with the prefix minus that without. `moves` is how
    much larger it is when the question has the prefix too, and `self_minus_cross` how much larger
    it is then for self.
    """
    table = compared(rows)
    found: dict[str, Any] = {}
    for target in params.subjects:
        for prefix in params.experiments.prompt_shift.prefixes:
            own = [r for r in table if (r["target"], r["condition"]) == (target, prefix)]
            behavior = list({_about(row): row for row in own}.values())
            found.setdefault(target, {})[prefix] = {
                "moved": accuracy(behavior, params, "moved"),
                **{
                    values: {
                        on: on_rows(
                            [r for r in own if r["values"] == values and in_part(r)], params
                        )
                        for on, in_part in PARTS.items()
                    }
                    for values in VALUES
                },
            }
    return {"prefixes": dict(params.experiments.prompt_shift.prefixes), "targets": found}


def compared(rows: Sequence[Row]) -> list[Row]:
    """Rows whose input has a behavior with and without the prefix, with what they say of either.

    `condition` is the prefix alone and `plain` whether the question had none. `right_plain` is
    whether the prediction is right of the plain behavior, `advantage` how much more it is right of
    the prefixed one; `mode_plain` whether the most common plain behavior of the cell, moved or
    not, is right. `values` says how many the cell has.
    """
    found = [
        row
        | {
            "condition": row["condition"].removesuffix(PLAIN),
            "plain": row["condition"].endswith(PLAIN),
            "moved": row["truth"] != row["other_truth"],
            "right_plain": row["compliant"] and row["answer"] == row["other_truth"],
        }
        for row in rows
        if row["other_truth"] is not None
    ]
    counts = number_of_values(found)
    for cell, own in groups(found, "target", "task", "property").items():
        for row in own:
            row["values"] = counts[cell]
            row["advantage"] = float(row["correct"]) - float(row["right_plain"])
    for cell in groups(found, "target", "seed", "condition", "task", "property").values():
        mode = most_common(row["other_truth"] for row in cell)
        for row in cell:
            row["mode_plain"] = row["other_truth"] == mode
    return found


def on_rows(rows: Sequence[Row], params: Params) -> dict[str, Any]:
    """Accuracies of each arm about either behavior, and what the prefix moves."""
    asked = {
        (kind, plain): [row for row in rows if (row["kind"], row["plain"]) == (kind, plain)]
        for kind in ARMS
        for plain in (False, True)
    }
    arms = {
        f"{kind}, plain question" if plain else kind: {
            "with": accuracy(own, params),
            "without": accuracy(own, params, "right_plain"),
            "difference": average(own, params, lambda row: row["advantage"], test=True),
        }
        for (kind, plain), own in asked.items()
    }
    one = asked["self", False]
    arms["most common answer"] = {
        "with": accuracy(one, params, "mode_correct"),
        "without": accuracy(one, params, "mode_plain"),
    }
    return {
        "arms": arms,
        "moves": {
            kind: difference(asked[kind, False], asked[kind, True], params, "advantage")
            for kind in ARMS
        },
        "self_minus_cross": difference(one, asked["cross", False], params, "advantage"),
    }


def plot(numbers: dict[str, Any]) -> list[Row]:
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


def _about(row: Row) -> tuple:
    return row["seed"], row["input_id"], row["property"]
