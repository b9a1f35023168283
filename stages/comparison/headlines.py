"""The headline numbers of a version: those of metrics/summary.json, by the keys of any time.

Older versions had other keys, and `targets` within the same file. Here is where each number stood.
"""

import json
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from stages.comparison.settings import number_at
from stages.comparison.versions import SUMMARY, Version
from stages.storage.errors import StudyError

PLACES: dict[str, tuple[str, ...]] = {
    "primary": ("primary",),
    "primary_raw": ("primary_raw",),
    "fresh_self": ("fresh_self", "targets.*.fresh_self"),
    "cross": ("cross", "cross_accuracy"),
    "mode": ("mode", "baseline.mode"),
    "self": ("self", "self_accuracy"),
    "gap": ("gap", "gap.estimate"),
    "fresh_gap": ("fresh_gap", "fresh_gap.estimate"),
    "untrained": ("untrained", "baseline.untrained_self"),
    "text_classifier": ("text_classifier", "baseline.text_classifier"),
    "sensitivity_gap": ("sensitivity_gap",),
    "kept": ("kept",),
    "drift": ("drift", "targets.*.behavior_drift"),
    "inputs": ("inputs", "gap.inputs"),
}
"""number -> its keys from today to the first version; `*` stands for each target, whose mean it
was"""
MEANING = {
    "primary": "fresh self minus cross, both corrected by what is dealt out",
    "primary_raw": "fresh self minus cross",
    "fresh_self": "accuracy of M1 taught the labels that cross has",
    "cross": "accuracy of the other model",
    "mode": "accuracy of the most common value of each cell",
    "self": "accuracy of M1",
    "gap": "self minus cross",
    "fresh_gap": "fresh self minus cross",
    "untrained": "accuracy of M",
    "text_classifier": "accuracy of a classifier of the input's text",
    "sensitivity_gap": "the gap that copies with private answers show",
    "kept": "share of answers that training left word for word",
    "drift": "share of values that training changed",
    "inputs": "inputs of the primary comparison",
}
INTERVALS = {"primary", "gap", "fresh_gap"}
"""numbers whose own interval stands beside them, as <number>_low and _high"""


def headlines(version: Version) -> dict[str, float]:
    """The numbers that a version has, in their order. Raises StudyError where there is no JSON."""
    summary = read_summary(version)
    found = {}
    for name, places in PLACES.items():
        values = (_value(summary, place) for place in places)
        value = next((value for value in values if value is not None), None)
        if value is not None:
            found[name] = value
    return found


def own_interval(summary: Mapping[str, Any], name: str) -> tuple[float, float] | None:
    """The interval that stands beside a number, as it stood at any time; None where none does."""
    for low, high in ((f"{name}_low", f"{name}_high"), (f"{name}.ci_low", f"{name}.ci_high")):
        ends = number_at(summary, low), number_at(summary, high)
        if ends[0] is not None and ends[1] is not None:
            return ends[0], ends[1]
    return None


def read_summary(version: Version) -> dict[str, Any]:
    """metrics/summary.json of a version; empty where there is none."""
    content = version.read(SUMMARY)
    if content is None:
        return {}
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise StudyError(f"{SUMMARY} of {version.name}: not JSON") from None
    if not isinstance(found, dict):
        raise StudyError(f"{SUMMARY} of {version.name}: no object of JSON")
    return found


def _value(summary: Mapping[str, Any], place: str) -> float | None:
    """The number at a place; of all targets their mean, where each has one."""
    before, star, after = place.partition(".*.")
    if not star:
        return number_at(summary, place)
    targets = summary.get(before)
    if not isinstance(targets, Mapping) or not targets:
        return None
    values = [number_at(of, after) for of in targets.values() if isinstance(of, Mapping)]
    there = [value for value in values if value is not None]
    return round(fmean(there), 4) if len(there) == len(targets) else None
