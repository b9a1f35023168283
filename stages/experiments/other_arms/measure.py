"""What self and fresh self are ahead of each other arm by, and what may be said of it.

Accuracies and differences are those of the primary comparison: raw, and less what an arm's own
answers get when they are dealt to other inputs; on rows that both answered, clustered by input,
with the same least amounts of data. Fresh self over cross says that the same base predicts better.
Only where self is also ahead of similar, which had its lesson with other weights, is it
self-knowledge; and only where cross in the second person has the same sign is it either.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from stages.analysis.averages import accuracy, corrected_accuracy
from stages.analysis.columns import groups, select
from stages.analysis.dealt import with_dealt_out
from stages.analysis.intervals import Estimate
from stages.analysis.primary import against, counted
from stages.analysis.rounding import rounded, shown
from stages.analysis.rule import Rule
from stages.analysis.spreads import over_means
from stages.experiments.other_arms.params import Told
from stages.storage.tables import Row
from stages.study.arms import CROSS, CROSS_INFORMED, CROSS_SECOND, FRESH_SELF, SELF, SIMILAR
from stages.study.design import Design

ARMS = (SELF, FRESH_SELF, SIMILAR, CROSS, CROSS_INFORMED, CROSS_SECOND)
COMPARED = (
    (FRESH_SELF, CROSS),
    (FRESH_SELF, CROSS_SECOND),
    (FRESH_SELF, CROSS_INFORMED),
    (FRESH_SELF, SIMILAR),
    (SELF, SIMILAR),
)


def numbers(rows: pd.DataFrame, told: Told, design: Design, rule: Rule) -> dict[str, Any]:
    """By target and over `all`: arms, differences, whether cross has one sign in both persons.

    `verdict` is a word of `verdict`. `over_targets` is the mean of the targets' own differences
    with an interval over them. `absent` says why a target has no arm of a kind.
    """
    found = {
        f"{own}_minus_{other}": against(rows, rule, design, own, other) for own, other in COMPARED
    }
    of_all = {name: _of_all(one, rule) for name, one in found.items()}
    targets = {
        target: {
            "arms": list(_arms(select(rows, target=target), rule)),
            "mode": shown(accuracy(_asked(select(rows, target=target)), rule, "mode_correct")),
            "absent": absent(select(rows, target=target), told),
            **_told({name: _shown(one["targets"][target]) for name, one in found.items()}),
        }
        for target in design.subjects
    }
    return rounded({"targets": targets | {"all": _told(of_all)}})


def _of_all(found: Row, rule: Rule) -> Row:
    own = {
        target: one["corrected"]["estimate"]
        for target, one in found["targets"].items()
        if "corrected" in one
    }
    return _shown(found) | {"over_targets": over_means(own, rule, 2.0)}


def _shown(found: Row) -> Row:
    """A comparison without what is there to compare, or why there is none."""
    if "reason" in found:
        return {"reason": found["reason"]}
    estimates = {name: shown(Estimate(**found[name])) for name in ("corrected", "raw")}
    return estimates | {"agree": found["agree"]}


def _told(compared: Mapping[str, Row]) -> Row:
    return {
        "against": dict(compared),
        "same_sign": same_sign(compared),
        "verdict": verdict(compared),
    }


def same_sign(compared: Mapping[str, Row]) -> bool | None:
    """Whether cross and cross_second are on one side of fresh self; None where one is not there."""
    third, second = (
        _corrected(compared, FRESH_SELF, cross).get("estimate") for cross in (CROSS, CROSS_SECOND)
    )
    return None if third is None or second is None else third * second > 0


def verdict(compared: Mapping[str, Row]) -> str:
    """What may be said of a target: too_little, not_shown, one_person, persons_differ, ...

    raw_differs: what is dealt out decides the sign. other_base: another base predicts it better.
    same_base: its own base does. self_knowledge: so does self than similar, too.
    """
    cross = _corrected(compared, FRESH_SELF, CROSS)
    if "ci_low" not in cross:
        return "too_little"
    if cross["ci_low"] <= 0 <= cross["ci_high"]:
        return "not_shown"
    one = same_sign(compared)
    if not one:
        return "one_person" if one is None else "persons_differ"
    if not compared[f"{FRESH_SELF}_minus_{CROSS}"]["agree"]:
        return "raw_differs"
    if cross["ci_high"] < 0:
        return "other_base"
    similar = compared[f"{SELF}_minus_{SIMILAR}"]
    ahead = _corrected(compared, SELF, SIMILAR).get("ci_low", 0) > 0 and similar["agree"]
    return "self_knowledge" if ahead else "same_base"


def _corrected(compared: Mapping[str, Row], own: str, other: str) -> Row:
    found: Row = compared[f"{own}_minus_{other}"].get("corrected", {})
    return found


def absent(rows: pd.DataFrame, told: Told) -> Row:
    """Why a target has no rows of a kind: kind -> reason."""
    there = set(rows["kind"])
    return {kind: _reason(kind, there) for kind in (*told.arms, SELF, CROSS) if kind not in there}


def _reason(kind: str, there: set[str]) -> str:
    if not there:
        return "no cell of it is used"
    trained = SELF in there if kind in (SELF, SIMILAR) else CROSS in there
    if not trained:
        return "who would predict is taught by examples alone, and is not trained"
    return "there are no rehearsal inputs with answers that comply"


def _arms(rows: pd.DataFrame, rule: Rule) -> Iterator[Row]:
    """The numbers of each arm about one target, of crosses by their predictor."""
    rows = with_dealt_out(rows)
    for kind in ARMS:
        for (predictor,), own in groups(select(rows, kind=kind), "predictor"):
            yield {
                "kind": kind,
                "predictor": predictor,
                "accuracy": shown(accuracy(own, rule)),
                "dealt_out": shown(accuracy(own, rule, "dealt_out")),
                "corrected": shown(corrected_accuracy(own, rule)),
                "cells": len(counted(own, rule)[["task", "property"]].drop_duplicates()),
            }


def _asked(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one arm: all are asked the same."""
    for (_, _), own in groups(rows, "kind", "predictor"):
        return own
    return rows


def plot(numbers: Mapping[str, Any]) -> list[Row]:
    """A point for each target and comparison with its interval, raw and corrected."""
    return [
        {
            "target": target,
            "compared": name.replace("_minus_", " minus ").replace("_", " "),
            "of": of,
            "difference": one[of]["estimate"],
            "ci_low": one[of].get("ci_low"),
            "ci_high": one[of].get("ci_high"),
        }
        for target, found in numbers["targets"].items()
        for name, one in found["against"].items()
        for of in ("corrected", "raw")
        if "estimate" in one.get(of, {})
    ]
