"""metrics/targets.json and the few numbers of metrics/summary.json, from score rows alone.

All averages are macro (tasks, then properties) over the cells that are informative for the
target; `pooled` weighs by row. Numbers that cannot be had are None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from stages.analysis.arm_numbers import arms_about
from stages.analysis.averages import accuracy, average, mean, means, paired
from stages.analysis.baselines import EMBEDDING_CLASSIFIER, OWN_BEHAVIOR, TRAINED_BASELINES
from stages.analysis.behaviors import Kept, drift, own_rows
from stages.analysis.beside import Beside
from stages.analysis.columns import select
from stages.analysis.families import holm
from stages.analysis.given import given_numbers
from stages.analysis.intervals import Estimate, Weigh
from stages.analysis.left_out import mode_left_out
from stages.analysis.primary import headline as primary_numbers
from stages.analysis.primary import primary
from stages.analysis.rule import Rule
from stages.analysis.spreads import spread_over
from stages.analysis.tracks import tracks
from stages.study.arms import CROSS, FRESH_SELF, SELF, UNTRAINED, fresh_dataset, self_name
from stages.study.design import Design


def informative_rows(scores: pd.DataFrame) -> pd.DataFrame:
    """The score rows in cells that are informative for their target."""
    return select(scores, informative=True)


def gap_pairs(rows: pd.DataFrame, own: str = SELF) -> pd.DataFrame:
    """The cross rows about what `own` predicted, too, with both values and their difference."""
    return paired(select(rows, kind=own), select(rows, kind=CROSS))


def gap(pairs: pd.DataFrame, rule: Rule, weigh: Weigh = "macro") -> Estimate:
    """Self minus cross over such pairs, or over a part of them."""
    return average(pairs, rule, "minus", weigh)


def summarise(
    scores: pd.DataFrame,
    rule: Rule,
    design: Design,
    kept: Mapping[str, Kept] = MappingProxyType({}),
    beside: Beside = MappingProxyType({}),
) -> dict[str, Any]:
    """All numbers of a study; the rows of uninformative cells give the drift only.

    Two have what score rows do not: `kept` of each target how many answers training left as they
    were, `beside` what else there is to say of each arm.
    """
    rows = informative_rows(scores)
    found, fresh = gap_pairs(rows), gap_pairs(rows, FRESH_SELF)
    board = _Board(rows, rule)
    targets = {
        target: _target_numbers(board, scores, target, found, fresh, design)
        for target in design.subjects
    }
    for target, numbers in targets.items():
        own = select(rows, target=target)
        numbers |= kept.get(target, Kept()).told(set(own["task"]))
        numbers["arms"] = dict(arms_about(own, rule, beside))
    corrected = holm({t: numbers["gap"]["p_value"] for t, numbers in targets.items()})
    for target, p_value in corrected.items():
        targets[target]["gap"]["p_holm"] = p_value

    def over(kind: str, column: str = "correct") -> float | None:
        return mean(board.mean_of_predictors(target, kind, column) for target in targets)

    return {
        "primary": primary(rows, rule, design),
        "gap": gap(found, rule)._asdict(),
        "fresh_gap": gap(fresh, rule)._asdict(),
        "pooled": _pooled(found, rule),
        "baseline": _baselines(targets, design),
        "compliance": {kind: over(kind, "compliant") for kind in (SELF, CROSS)},
        "targets": targets,
        "seeds": spread_over(found, rule, "seed"),
        "cells": _cells(scores, rows),
        "confidence": rule.confidence,
        "permutations": rule.permutations,
    }


def headline(
    numbers: Mapping[str, Any], sensitivity_gap: float | None = None
) -> dict[str, float | int | None]:
    """The numbers of metrics/summary.json, from those of `summarise` and of `sensitivity`."""
    found, every = numbers["gap"], numbers["targets"].values()
    # Where a model is not trained, self and cross are those of the targets that have both.
    targets = [of for of in every if of["gap"]["estimate"] is not None] or every
    return {
        "fresh_self": mean(of["fresh_self"] for of in targets),
        "cross": mean(mean(of["cross"].values()) for of in targets),
        "mode": mean(of["mode"] for of in targets),
        **primary_numbers(numbers["primary"]),
        "self": mean(of["self"] for of in targets),
        "gap": found["estimate"],
        "gap_low": found["ci_low"],
        "gap_high": found["ci_high"],
        "sensitivity_gap": sensitivity_gap,
        "kept": mean(of["kept"] for of in targets),
        "drift": mean(of["behavior_drift"] for of in targets),
        "inputs": numbers["primary"]["corrected"]["inputs"] or found["inputs"] or None,
    }


@dataclass(frozen=True)
class _Board:
    """The informative rows, and the means of arms among them."""

    rows: pd.DataFrame
    rule: Rule

    def mean(
        self,
        target: str,
        kind: str,
        predictor: str | None = None,
        column: str = "correct",
    ) -> float | None:
        """The mean of one arm, or of a kind whose predictor is the target."""
        own = select(self.rows, target=target, kind=kind, predictor=predictor)
        return means(own, self.rule, column)[column]

    def mean_of_predictors(self, target: str, kind: str, column: str) -> float | None:
        """The mean over the predictors of that of each arm."""
        own = select(self.rows, target=target, kind=kind)
        names = sorted(own["predictor"].unique())
        return mean(self.mean(target, kind, name, column) for name in names)


def _target_numbers(
    board: _Board,
    scores: pd.DataFrame,
    target: str,
    found: pd.DataFrame,
    fresh: pd.DataFrame,
    design: Design,
) -> dict[str, Any]:
    pairs, rule = select(found, target=target), board.rule
    own = {p: board.mean(target, OWN_BEHAVIOR, p) for p in design.subjects}
    did = own_rows(select(board.rows, target=target))
    modes = means(
        did.assign(mode_left_out=mode_left_out(did)), rule, "mode_correct", "mode_left_out"
    )
    return {
        "self": board.mean(target, SELF),
        "fresh_self": board.mean(target, FRESH_SELF),
        "cross": {p: board.mean(target, CROSS, p) for p in design.others(target)},
        "mode": modes["mode_correct"],
        "mode_left_out": modes["mode_left_out"],
        "untrained": board.mean(target, UNTRAINED),
        OWN_BEHAVIOR: own,
        EMBEDDING_CLASSIFIER: {
            p: board.mean(target, EMBEDDING_CLASSIFIER, p) for p in design.subjects
        },
        "baseline": {
            rows_of: {kind: board.mean(target, kind, dataset) for kind in TRAINED_BASELINES}
            for rows_of, dataset in (("cross", fresh_dataset(target)), ("self", self_name(target)))
        },
        "gap": gap(pairs, rule)._asdict(),
        "fresh_gap": gap(select(fresh, target=target), rule)._asdict(),
        "disagreement_gap": means(select(pairs, agree=False), rule, "minus")["minus"],
        "tracks": tracks(select(board.rows, target=target), rule),
        "given": given_numbers(select(board.rows, target=target), rule),
        "behavior_drift": drift(select(scores, target=target, kind=SELF)),
    }


def _baselines(targets: Mapping[str, Any], design: Design) -> dict[str, float | None]:
    """What each baseline gets, over all targets."""
    every = targets.values()
    return {
        "mode": mean(numbers["mode"] for numbers in every),
        "untrained_self": mean(numbers["untrained"] for numbers in every),
        **{
            kind: mean(numbers["baseline"]["cross"][kind] for numbers in every)
            for kind in TRAINED_BASELINES
        },
        EMBEDDING_CLASSIFIER: mean(mean(of[EMBEDDING_CLASSIFIER].values()) for of in every),
        OWN_BEHAVIOR: mean(
            mean(numbers[OWN_BEHAVIOR][p] for p in design.others(target))
            for target, numbers in targets.items()
        ),
    }


def _pooled(pairs: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """Self, cross and the gap over the same pairs, by row: so the gap is their difference."""
    return {
        SELF: accuracy(pairs, rule, "own", "pooled").estimate,
        CROSS: accuracy(pairs, rule, "other", "pooled").estimate,
        "gap": gap(pairs, rule, "pooled")._asdict(),
    }


def _cells(scores: pd.DataFrame, rows: pd.DataFrame) -> dict[str, int]:
    """How many cells (target, task, property) were scored, and how many of them do not count.

    `rows` and `rows_left_out` count what is asked of each input once, whoever answered.
    """
    cell = ["target", "task", "property"]
    scored, counted = (len(table[cell].drop_duplicates()) for table in (scores, rows))
    asked, used = (
        len(table[[*cell, "input_id", "seed"]].drop_duplicates()) for table in (scores, rows)
    )
    return {
        "scored": scored,
        "uninformative": scored - counted,
        "rows": asked,
        "rows_left_out": asked - used,
    }
