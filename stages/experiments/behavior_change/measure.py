"""What MC's predictions say: does it know what it does now, and more of it than M1 that did not?

Looked at are the rows that moved: MC and M1 both comply and do different things. Cells with
two values say one thing only there, as who does not predict the new one predicts the old one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stages.analysis.gaps import Behavior, behavior_of
from stages.analysis.outcomes import accuracy, average, difference, groups, number_of_values
from stages.analysis.subsets import entropy_kept
from stages.params import Params
from stages.storage.tables import Row
from stages.study.truth import most_common

ARMS = ("changed", "self", "cross")


def numbers(rows: Sequence[Row], params: Params) -> dict[str, Any]:
    """Numbers by target, and of `all` targets together.

    `several_values` and `two_values` are the rows that moved, by how many values their cell
    has. `changed_minus_self` is MC's accuracy on new minus old behavior, minus the same of M1,
    which was not changed.
    """
    behavior = [row for row in rows if row["kind"] == "behavior"]
    predictions = compared([row for row in rows if row["kind"] != "behavior"])
    found = {}
    for target in (*params.subjects, "all"):
        did, said = (
            [row for row in table if target in ("all", row["target"])]
            for table in (behavior, predictions)
        )
        moved = [row for row in said if row["moved"]]
        several, two = ([r for r in moved if r["values"] == how] for how in ("several", "two"))
        found[target] = {
            "tasks": {
                task: change(own, params) for (task,), own in sorted(groups(did, "task").items())
            },
            **change(did, params),
            "several_values": several_values(several, params),
            "two_values": two_values(two, params),
            "stayed": by_arm([row for row in said if not row["moved"]], params, "new"),
            "properties": {
                name: on_property(own, params)
                for (name,), own in sorted(groups(moved, "property").items())
            },
        }
    return {"answers": params.experiments.behavior_change.answers, "targets": found}


def compared(predictions: Sequence[Row]) -> list[Row]:
    """The predictions about what both MC and M1 did, with what they say of either.

    `new` and `old` are 1.0 where the prediction is right of what MC does and M1 did, and
    `advantage` is new minus old, `values` how many the cell has; `mode_new` and `mode_old` are 1.0
    where the most common value of the cell, moved or not, is right.
    """
    rows = [
        row
        | {
            "new": float(row["correct"]),
            "old": float(row["compliant"] and row["answer"] == row["other_truth"]),
            "moved": row["truth"] != row["other_truth"],
        }
        for row in predictions
        if row["other_truth"] is not None
    ]
    for cell in groups(rows, "target", "seed", "predictor", "kind", "task", "property").values():
        for name, column in (("mode_new", "truth"), ("mode_old", "other_truth")):
            mode = most_common(row[column] for row in cell)
            for row in cell:
                row[name] = float(row[column] == mode)
    counts = number_of_values(rows)
    return [
        row
        | {
            "advantage": row["new"] - row["old"],
            "values": counts[row["target"], row["task"], row["property"]],
        }
        for row in rows
    ]


def change(did: Sequence[Row], params: Params) -> dict[str, Any]:
    """How much of what M1 did moved, where MC complies, and how often it does."""
    complied = [row | {"moved": not row["correct"]} for row in did if row["compliant"]]
    return {
        "moved": accuracy(complied, params, "moved"),
        "complies": accuracy(did, params, "compliant"),
    }


def several_values(moved: Sequence[Row], params: Params) -> dict[str, Any]:
    """Both accuracies of each arm, those of the modes, and how MC differs from the others."""
    changed, own, cross = (arm(moved, kind) for kind in ARMS)
    return {
        "arms": {kind: both(arm(moved, kind), params) for kind in ARMS},
        "mode": {
            "new": accuracy(changed, params, "mode_new"),
            "old": accuracy(changed, params, "mode_old"),
        },
        "changed_minus_self": difference(changed, own, params, "advantage"),
        "of_new": difference(changed, own, params, "new"),
        "of_old": difference(changed, own, params, "old"),
        "changed_minus_cross": difference(changed, cross, params, "advantage"),
        "entropy_matched": entropy_matched(moved, params),
    }


def two_values(moved: Sequence[Row], params: Params) -> dict[str, Any]:
    """Accuracy on the new behavior where the answer complies: with that on the old it is one."""
    complying = [row for row in moved if row["compliant"]]
    changed, own, _ = (arm(complying, kind) for kind in ARMS)
    return {
        "arms": by_arm(complying, params, "new"),
        "complies": by_arm(moved, params, "compliant"),
        "mode": {"new": accuracy(arm(moved, "changed"), params, "mode_new")},
        "changed_minus_self": difference(changed, own, params, "advantage"),
    }


def on_property(moved: Sequence[Row], params: Params) -> dict[str, Any]:
    """Accuracies of each arm on a property's rows that moved; of two values only the new.

    Where some cells have several values and others two, those with several count.
    """
    several = [row for row in moved if row["values"] == "several"]
    if not several:
        complying = [row for row in moved if row["compliant"]]
        return {kind: {"new": value} for kind, value in by_arm(complying, params, "new").items()}
    return {kind: both(arm(several, kind), params) for kind in ARMS}


def entropy_matched(moved: Sequence[Row], params: Params) -> dict[str, Any]:
    """Both accuracies on rows on which each value is as often the new one as the old one.

    That of the new behavior is taken on other rows than that of the old (the paper's Fig. 24).
    """
    old, new = entropy_kept(arm(moved, "changed"), "other_truth", "truth")
    return {
        kind: {
            "new": accuracy([r for r in arm(moved, kind) if behavior_of(r) in new], params, "new"),
            "old": accuracy([r for r in arm(moved, kind) if behavior_of(r) in old], params, "old"),
            "difference": average(
                _matched(arm(moved, kind), old, new), params, lambda row: row["share"], test=True
            ),
        }
        for kind in ARMS
    }


def _matched(rows: Sequence[Row], old: set[Behavior], new: set[Behavior]) -> list[Row]:
    """The rows of both sets, with a `share` whose mean over a cell is new minus old there."""
    kept = []
    for cell in groups(rows, "target", "seed", "predictor", "task", "property").values():
        here = [row for row in cell if behavior_of(row) in old | new]
        count = sum(behavior_of(row) in new for row in here)  # as many as in old
        for row in here:
            found = (behavior_of(row) in new) * row["new"] - (behavior_of(row) in old) * row["old"]
            kept.append(row | {"share": found * len(here) / count})
    return kept


def both(rows: Sequence[Row], params: Params) -> dict[str, Any]:
    """Accuracy on the new behavior, on the old, and their difference with its p-values."""
    return {
        "new": accuracy(rows, params, "new"),
        "old": accuracy(rows, params, "old"),
        "difference": average(rows, params, lambda row: row["advantage"], test=True),
    }


def arm(rows: Sequence[Row], kind: str) -> list[Row]:
    """The rows of one kind."""
    return [row for row in rows if row["kind"] == kind]


def by_arm(rows: Sequence[Row], params: Params, column: str) -> dict[str, Any]:
    """The macro mean of a column for each arm."""
    return {kind: accuracy(arm(rows, kind), params, column) for kind in ARMS}


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
