"""metrics/plots/: rows that `dvc plots show` draws (stages/reporting/plots)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stages.analysis.averages import accuracy
from stages.analysis.behaviors import own_rows
from stages.analysis.columns import select
from stages.analysis.rounding import rounded
from stages.analysis.rule import Rule
from stages.storage.tables import Row
from stages.study.arms import self_name
from stages.study.design import Design

ARMS = (
    "self",
    "fresh_self",
    "cross",
    "untrained",
    "mode",
    "mode_train",
    "text_classifier",
    "nearest_neighbor",
)


def self_cross(rows: pd.DataFrame, rule: Rule, design: Design) -> list[Row]:
    """Macro accuracy of each arm of each target with its interval, clustered by input.

    Several cross-predictors are averaged. The mode baseline has an interval of the rows that it
    was taken from, so it is no guess about other rows.
    """
    points = []
    for target in design.subjects:
        for kind in ARMS:
            of_target, mode = select(rows, target=target), kind == "mode"
            own = own_rows(of_target) if mode else select(of_target, kind=kind)
            column = "mode_correct" if mode else "correct"
            found = accuracy(own[own["predictor"] != self_name(target)], rule, column)
            if found.estimate is not None:
                points.append(
                    {
                        "target": target,
                        "kind": kind,
                        "accuracy": found.estimate,
                        "ci_low": found.ci_low,
                        "ci_high": found.ci_high,
                    }
                )
    return rounded(points)


def property_points(table: Sequence[Row]) -> list[Row]:
    """Macro accuracy of each arm and property, for a plot, from by_property.json's rows."""
    columns = ("target", "kind", "predictor", "property", "accuracy")
    return [{name: row[name] for name in columns} for row in table if "accuracy" in row]


def loss_points(training: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """The loss (nats per label token) at each step of each adapter's training."""
    return rounded(
        [
            {"adapter": name, "step": step, "loss": loss}
            for name, log in training.items()
            for step, loss in log.get("loss", [])
        ]
    )
