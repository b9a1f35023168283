"""before_after: accuracy before and after self-prediction training, on one target and on two.

`difference` is M1 minus untrained M, both about M1; `published_difference` is M1 about M1 minus
untrained M about M, as in the paper's figures 4 and 10. As what is gained may be the form of an
answer only, `complied` is the difference where the untrained answer, too, had the right form.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stages.analysis.averages import accuracy, difference
from stages.analysis.columns import groups, modes, same, select
from stages.analysis.rounding import shown
from stages.analysis.rule import Rule
from stages.experiments.before_after.params import Told
from stages.storage.tables import Row
from stages.study.arms import SELF, UNTRAINED
from stages.study.design import Design

CELL = ("target", "seed", "task", "property")


def numbers(rows: pd.DataFrame, told: Told, design: Design, rule: Rule) -> dict[str, Any]:
    """`overall`, `properties` and, for each target, `targets.<target>` with the same two."""
    rows = _about_m(rows)
    by_target = {target: select(rows, target=target) for target in design.subjects}
    return _measured(rows, rule) | {
        "targets": {target: _measured(own, rule) for target, own in by_target.items() if len(own)}
    }


def plot(numbers: Mapping[str, Any]) -> list[Row]:
    """Accuracy about M1 before and after, by target and property."""
    return [
        {"target": target, "property": name, "kind": kind, "accuracy": cell[kind]["estimate"]}
        for target, found in numbers["targets"].items()
        for name, cell in found["properties"].items()
        for kind in (UNTRAINED, SELF)
        if "estimate" in cell[kind]
    ]


def _measured(rows: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    return {
        "overall": _cell(rows, rule),
        "properties": {name: _cell(own, rule) for (name,), own in groups(rows, "property")},
    }


def _cell(rows: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """All numbers of some rows; those about M are of the rows where M's behavior has a value."""
    untrained, own = (select(rows, kind=kind) for kind in (UNTRAINED, SELF))
    before, after = (arm[arm["other_truth"].notna()] for arm in (untrained, own))
    as_published = before.assign(correct=before["correct_on_m"])
    return {
        "untrained": shown(accuracy(untrained, rule)),
        "self": shown(accuracy(own, rule)),
        "difference": shown(difference(own, untrained, rule)),
        "complied": shown(difference(own, select(untrained, compliant=True), rule)),
        "mode": shown(accuracy(own, rule, "mode_correct")),
        "compliance": {
            "untrained": shown(accuracy(untrained, rule, "compliant")),
            "self": shown(accuracy(own, rule, "compliant")),
        },
        "untrained_on_m": shown(accuracy(before, rule, "correct_on_m")),
        "self_on_m": shown(accuracy(after, rule, "correct_on_m")),
        "mode_on_m": shown(accuracy(before, rule, "mode_correct_on_m")),
        "published_difference": shown(difference(after, as_published, rule)),
        "drift": shown(accuracy(after, rule, "drifted")),
    }


def _about_m(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with what is right, and what the most common value gets right, about M.

    `drifted` is whether M1 does something else than M did.
    """
    did = rows["other_truth"]
    return rows.assign(
        correct_on_m=rows["compliant"] & same(rows["answer"], did),
        mode_correct_on_m=same(modes(rows, "other_truth", CELL), did),
        drifted=~same(rows["truth"], did),
    )
