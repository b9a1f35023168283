"""The picture beside the main one: what is found here, and where it was planted."""

from collections.abc import Iterator, Mapping
from typing import Any

from stages.storage.tables import Row

GAPS = {"private answers": "gap", "nothing to find": "null"}


def planted_points(primary: Mapping[str, Any], copies: Mapping[str, Any]) -> Iterator[Row]:
    """Fresh self minus cross: over all targets; then of each model, in this study and in copies.

    These hold private answers, which only they can know, or both the same, so that there is
    nothing to find. `primary` is that of metrics/targets.json, `copies` metrics/sensitivity.json.
    """
    every = primary.get("corrected", {})
    if "estimate" in every:
        yield _point("all targets", "this study", every["estimate"], every, "ci_low", "ci_high")
    for model, of in primary["targets"].items():
        found = of.get("corrected", {})
        if "estimate" in found:
            yield _point(model, "this study", found["estimate"], found, "ci_low", "ci_high")
        copy = copies.get(model, {})
        for what, name in GAPS.items():
            value = copy.get("gap" if name == "gap" else "null_gap")
            if value is not None:
                yield _point(model, what, value, copy, f"{name}_low", f"{name}_high")


def _point(model: str, what: str, value: float, of: Mapping[str, Any], low: str, high: str) -> Row:
    ends = {"low": of.get(low), "high": of.get(high)}
    return {"model": model, "what": what, "difference": value, **ends}
