"""Accuracy by the number of training inputs, and what self has over cross at each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stages.analysis.averages import accuracy, difference
from stages.analysis.columns import select
from stages.analysis.rounding import shown
from stages.analysis.rule import Rule
from stages.experiments.scaling.params import Told
from stages.storage.tables import Row
from stages.study.arms import CROSS, FRESH_SELF, SELF
from stages.study.design import Design

ARMS = (SELF, FRESH_SELF, CROSS)


def numbers(rows: pd.DataFrame, told: Told, design: Design, rule: Rule) -> dict[str, Any]:
    """By target, and of `all`: the mode of the rows, and a list with the numbers of each size.

    The last size is the main study: `inputs` is the number that its largest training had, as arms
    and seeds may differ by a few whose answers did not comply.
    """
    found = {}
    for target in (*design.subjects, "all"):
        own = select(rows, target=None if target == "all" else target)
        size = own["condition"].astype(int)
        small, whole = size.isin(told.sizes), int(size.max()) if len(size) else 0
        own = own.assign(condition=size.where(small, whole))
        sizes = (*sorted(set(size[small])), whole) if len(size) else ()
        found[target] = {
            "mode": shown(accuracy(_own(select(own, condition=whole)), rule, "mode_correct")),
            "sizes": [at_size(own, n, rule) for n in sizes],
        }
    return {"targets": found}


def _own(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of self; of cross about targets that were not trained."""
    own = select(rows, kind=SELF)
    return own if len(own) else select(rows, kind=CROSS)


def at_size(rows: pd.DataFrame, size: int, rule: Rule) -> dict[str, Any]:
    """Accuracy of each arm and how far either self is from cross, with one training size."""
    arms = {kind: select(rows, kind=kind, condition=size) for kind in ARMS}
    return {
        "inputs": size,
        **{kind: shown(accuracy(own, rule)) for kind, own in arms.items()},
        "self_minus_cross": shown(difference(arms[SELF], arms[CROSS], rule)),
        "fresh_self_minus_cross": shown(difference(arms[FRESH_SELF], arms[CROSS], rule)),
    }


def plot(numbers: Mapping[str, Any]) -> list[Row]:
    """A point for each target, arm and size, with its interval; the mode is the same at each."""
    return [
        {
            "target": target,
            "kind": kind,
            "inputs": size["inputs"],
            "accuracy": value["estimate"],
            "ci_low": value.get("ci_low"),
            "ci_high": value.get("ci_high"),
        }
        for target, found in numbers["targets"].items()
        for size in found["sizes"]
        for kind, value in {**{kind: size[kind] for kind in ARMS}, "mode": found["mode"]}.items()
        if "estimate" in value
    ]
