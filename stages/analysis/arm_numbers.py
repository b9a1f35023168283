"""The numbers of each arm about one target: accuracy, what of it is dealt out, what is left."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pandas as pd

from stages.analysis.averages import accuracy, corrected_accuracy, means
from stages.analysis.beside import Beside
from stages.analysis.columns import groups, select
from stages.analysis.dealt import with_dealt_out
from stages.analysis.left_out import mode_left_out
from stages.analysis.primary import counted
from stages.analysis.rule import Rule
from stages.analysis.shuffles import shuffled_p
from stages.study.arms import CROSS, FRESH_SELF, SELF, UNTRAINED

NOTHING: Beside = MappingProxyType({})


def arms_about(
    rows: pd.DataFrame, rule: Rule, beside: Beside = NOTHING
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each arm that was asked about a target, by its kind; cross ones by their predictor below it.

    `beside` has what is to stand with it and is in no score row.
    """
    for kind in (SELF, FRESH_SELF, UNTRAINED):
        if len(own := select(rows, kind=kind)):
            yield kind, arm_numbers(own, rule, beside)
    crosses = groups(select(rows, kind=CROSS), "predictor")
    if found := {name: arm_numbers(own, rule, beside) for (name,), own in crosses}:
        yield CROSS, found


def arm_numbers(rows: pd.DataFrame, rule: Rule, beside: Beside = NOTHING) -> dict[str, Any]:
    """What one arm gets right, what of that is dealt out, and what is left.

    `corrected` has the p of shuffled inputs beside it; cells, rows and inputs are those that count.
    """
    target, kind, predictor = (str(rows[name].iloc[0]) for name in ("target", "kind", "predictor"))
    rows = with_dealt_out(rows).assign(mode_left_out=mode_left_out(rows))
    of = means(rows, rule, "dealt_out", "mode_correct", "mode_left_out")
    corrected, own = corrected_accuracy(rows, rule), counted(rows, rule)
    return {
        "accuracy": accuracy(rows, rule)._asdict(),
        "dealt_out": of["dealt_out"],
        "corrected": corrected._asdict() | {"p_shuffled": shuffled_p(rows, rule)},
        "mode": of["mode_correct"],
        "mode_left_out": of["mode_left_out"],
        **beside.get((target, kind, predictor), {}),
        "cells": len(own[["task", "property"]].drop_duplicates()),
        "rows": len(own),
        "inputs": own["input_id"].nunique(),
    }
