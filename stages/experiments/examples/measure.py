"""What examples in the prompt teach, beside what training teaches: one table, the same rows.

Beside the accuracy of an arm stand what its own answers get when they are dealt to the other
inputs of the cell, and the most common answer: examples, like training, may teach no more than
what is common. Intervals are clustered by input. The examples of a property are one draw for all
inputs, so what another draw would give is in no interval; more training seeds draw anew.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from stages.analysis.averages import accuracy, corrected_accuracy, difference
from stages.analysis.columns import groups, select
from stages.analysis.dealt import with_dealt_out
from stages.analysis.rounding import shown
from stages.analysis.rule import Rule
from stages.experiments.examples.params import Told
from stages.storage.tables import Row
from stages.study.arms import (
    CROSS,
    EXAMPLES_CROSS,
    EXAMPLES_SELF,
    FRESH_SELF,
    SELF,
    UNTRAINED,
)
from stages.study.design import Design

TAUGHT = (EXAMPLES_SELF, EXAMPLES_CROSS)
"""by examples"""
ARMS = (*TAUGHT, SELF, FRESH_SELF, CROSS, UNTRAINED)
TRAINED = {EXAMPLES_SELF: SELF, EXAMPLES_CROSS: CROSS}
"""who is shown examples -> who was trained instead, or as well"""


def numbers(rows: pd.DataFrame, told: Told, design: Design, rule: Rule) -> dict[str, Any]:
    """By target the numbers of each arm, and what those with examples are ahead by.

    `trained` is whether the target's M1 was, which is then asked after examples; else M is.
    `without` is an arm's accuracy when it is asked the same without examples, `fewer` the number
    that is shown of a property for which there are fewer, or no more can be read.
    """
    rows = rows.assign(examples=rows["condition"].astype(int))
    return {
        "k": told.k,
        "targets": {
            name: _of_target(select(rows, target=name), told.k, rule) for name in design.subjects
        },
    }


def plot(numbers: Mapping[str, Any]) -> list[Row]:
    """A point for each arm of each target with its interval, and one for the most common answer."""
    return [
        {
            "target": target,
            "kind": kind,
            "accuracy": value["estimate"],
            "ci_low": value.get("ci_low"),
            "ci_high": value.get("ci_high"),
        }
        for target, found in numbers["targets"].items()
        for kind, value in [
            *((_called(arm), arm["accuracy"]) for arm in found["arms"]),
            ("most common answer", found["mode"]),
        ]
        if "estimate" in value
    ]


def _called(arm: Row) -> str:
    name = arm["kind"].replace("_", " ")
    return f"{name} ({arm['predictor']})" if arm["kind"] in (CROSS, EXAMPLES_CROSS) else name


def _of_target(rows: pd.DataFrame, k: int, rule: Rule) -> dict[str, Any]:
    taught = rows["kind"].isin(TAUGHT)
    answered = with_dealt_out(rows[~taught | rows["examples"].gt(0)])
    plain = rows[taught & rows["examples"].eq(0)]
    of = {kind: select(answered, kind=kind) for kind in ARMS}
    counts = of[EXAMPLES_SELF].groupby("property", observed=True)["examples"].min()
    # Paired are rows about the same, however many examples stand before the question: of whomever,
    # or of the same predictor with examples and trained.
    anyones = {kind: own.drop(columns="condition") for kind, own in of.items()}
    owns = {kind: own.assign(condition=own["predictor"]) for kind, own in of.items()}
    return {
        "trained": bool(len(of[SELF])) or not len(rows),
        "fewer": {str(name): int(count) for name, count in counts.items() if count < k},
        "arms": list(_arms(of, plain, rule)),
        "mode": shown(accuracy(of[EXAMPLES_SELF], rule, "mode_correct")),
        "self_minus_cross": shown(
            difference(anyones[EXAMPLES_SELF], anyones[EXAMPLES_CROSS], rule)
        ),
        **{
            f"{kind}_minus_trained": shown(difference(owns[kind], owns[trained], rule))
            for kind, trained in TRAINED.items()
        },
    }


def _arms(of: Mapping[str, pd.DataFrame], plain: pd.DataFrame, rule: Rule) -> Iterator[Row]:
    """The numbers of each arm; `readable` is the share of its answers that comply."""
    for kind, rows in of.items():
        for (predictor,), own in groups(rows, "predictor"):
            before = select(plain, kind=kind, predictor=predictor)
            found = {
                "kind": kind,
                "predictor": predictor,
                "accuracy": shown(accuracy(own, rule)),
                "dealt_out": shown(accuracy(own, rule, "dealt_out")),
                "corrected": shown(corrected_accuracy(own, rule)),
                "readable": shown(accuracy(own, rule, "compliant")),
            }
            yield found | ({"without": shown(accuracy(before, rule))} if len(before) else {})
