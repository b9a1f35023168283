"""Accuracy by the number of training inputs, and what self has over cross at each."""

from collections.abc import Mapping, Sequence
from typing import Any

from stages.analysis.outcomes import accuracy, difference
from stages.params import Params
from stages.storage.tables import Row

ARMS = ("self", "fresh_self", "cross")


def numbers(rows: Sequence[Row], params: Params) -> dict[str, Any]:
    """By target, and of `all`: the mode of the rows, and a list with the numbers of each size.

    The last size is the main study: `inputs` is the number that its largest training had, as arms
    and seeds may differ by a few whose answers did not comply.
    """
    found = {}
    for target in (*params.subjects, "all"):
        own = [row for row in rows if target in ("all", row["target"])]
        known = {row["condition"] for row in own} & set(map(str, params.experiments.scaling.sizes))
        sizes = sorted(map(int, known))
        whole = max((int(row["condition"]) for row in own), default=0)
        own = [row if row["condition"] in known else row | {"condition": str(whole)} for row in own]
        found[target] = {
            "mode": accuracy(_part(own, "self", whole), params, "mode_correct"),
            "sizes": [at_size(own, size, params) for size in (*sizes, whole)],
        }
    return {"targets": found}


def at_size(rows: Sequence[Row], size: int, params: Params) -> dict[str, Any]:
    """Accuracy of each arm and how far either self is from cross, with one training size."""
    arms = {kind: _part(rows, kind, size) for kind in ARMS}
    return {
        "inputs": size,
        **{kind: accuracy(own, params) for kind, own in arms.items()},
        "self_minus_cross": difference(arms["self"], arms["cross"], params),
        "fresh_self_minus_cross": difference(arms["fresh_self"], arms["cross"], params),
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


def _part(rows: Sequence[Row], kind: str, size: int) -> list[Row]:
    return [row for row in rows if (row["kind"], row["condition"]) == (kind, str(size))]
