"""before_after: accuracy before and after self-prediction training, on one target and on two.

`difference` is M1 minus untrained M, both about M1; `published_difference` is M1 about M1 minus
untrained M about M, as in the paper's figures 4 and 10. As what is gained may be the form of an
answer only, `complied` is the difference where the untrained answer, too, had the right form.
"""

from collections.abc import Sequence
from statistics import mode

from stages.analysis.outcomes import accuracy, average, difference, groups
from stages.params import Params
from stages.storage.tables import Row


def numbers(rows: Sequence[Row], params: Params) -> dict:
    """`overall`, `properties` and, for each target, `targets.<target>` with the same two."""
    rows = _about_m(rows)

    def measured(chosen: Sequence[Row]) -> dict:
        return {
            "overall": _cell(chosen, params),
            "properties": {
                name: _cell(found, params)
                for (name,), found in sorted(groups(chosen, "property").items())
            },
        }

    by_target = groups(rows, "target")
    return measured(rows) | {
        "targets": {
            target: measured(by_target[target,])
            for target in params.subjects
            if (target,) in by_target
        }
    }


def plot(numbers: dict) -> list[Row]:
    """Accuracy about M1 before and after, by target and property."""
    return [
        {"target": target, "property": name, "kind": kind, "accuracy": cell[kind]["estimate"]}
        for target, found in numbers["targets"].items()
        for name, cell in found["properties"].items()
        for kind in ("untrained", "self")
    ]


def _cell(rows: Sequence[Row], params: Params) -> dict:
    """All numbers of some rows; those about M are of the rows where M's behavior has a value."""
    untrained, own = (
        [row for row in rows if row["kind"] == kind] for kind in ("untrained", "self")
    )
    complied = [row for row in untrained if row["compliant"]]
    before, after = (
        [row for row in arm if row["other_truth"] is not None] for arm in (untrained, own)
    )
    as_published = [row | {"correct": row["correct_on_m"]} for row in before]
    return {
        "untrained": accuracy(untrained, params),
        "self": accuracy(own, params),
        "difference": difference(own, untrained, params),
        "complied": difference(own, complied, params),
        "mode": accuracy(own, params, "mode_correct"),
        "compliance": {
            "untrained": accuracy(untrained, params, "compliant"),
            "self": accuracy(own, params, "compliant"),
        },
        "untrained_on_m": accuracy(before, params, "correct_on_m"),
        "self_on_m": accuracy(after, params, "correct_on_m"),
        "mode_on_m": accuracy(before, params, "mode_correct_on_m"),
        "published_difference": difference(after, as_published, params),
        "drift": average(after, params, lambda row: float(row["other_truth"] != row["truth"])),
    }


def _about_m(rows: Sequence[Row]) -> list[Row]:
    """The rows with what is right, and what the most common value gets right, about M."""
    found = []
    for own in groups(rows, "target", "seed", "task", "property").values():
        did = [row["other_truth"] for row in own if row["other_truth"] is not None]
        usual = mode(did) if did else None
        found += [
            row
            | {
                "correct_on_m": row["compliant"] and row["answer"] == row["other_truth"],
                "mode_correct_on_m": row["other_truth"] == usual,
            }
            for row in own
        ]
    return found
