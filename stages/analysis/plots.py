"""metrics/plots/: rows that `dvc plots show` draws (templates/plots/)."""

from collections.abc import Sequence

from stages.analysis.gaps import accuracy
from stages.analysis.summary import arm, rounded
from stages.params import Params
from stages.storage.tables import Row

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


def self_cross(rows: Sequence[Row], params: Params) -> list[Row]:
    """Macro accuracy of each arm of each target with its interval, clustered by input.

    Several cross-predictors are averaged. The mode baseline has an interval of the rows that it
    was taken from, so it is no guess about other rows.
    """
    points = []
    for target in params.subjects:
        for kind in ARMS:
            wanted, column = ("self", "mode_correct") if kind == "mode" else (kind, "correct")
            found = accuracy(
                [row for row in arm(rows, target, wanted) if row["predictor"] != f"{target}-self"],
                params,
                column,
            )
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
    return [{name: row[name] for name in columns} for row in table]


def loss_points(training: dict[str, dict]) -> list[Row]:
    """The loss (nats per label token) at each step of each adapter's training."""
    return rounded(
        [
            {"adapter": name, "step": step, "loss": loss}
            for name, log in training.items()
            for step, loss in log["loss"]
        ]
    )
