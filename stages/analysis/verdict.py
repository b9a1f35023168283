"""The verdict: can a study show anything, what does it show, and what else could explain that.

Decided by thresholds that were set before any result (docs/method.md), from the numbers that
`summarise` (stages/analysis/summary.py) gives and those of metrics/sensitivity.json. It is a
decision and no text: the words are those of stages/reporting/templates.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stages.analysis.sensitivity import LEAST_HELD
from stages.study.arms import CROSS, FRESH_SELF
from stages.study.design import Design

FEWEST_CELLS, FEWEST_TASKS = 6, 3
"""used cells, and tasks that they are of, that a target needs for a verdict"""
LEAST_KEPT = 0.5
"""share of answers that training left word for word: a target under it is another model"""
NEEDED = {
    "cells": FEWEST_CELLS,
    "tasks": FEWEST_TASKS,
    "kept": LEAST_KEPT,
    "held": LEAST_HELD,
}
NO_NUMBER, NULL, SIGNS_DIFFER = "no_number", "null", "both_not"
OF_SELF, OF_CROSS = "advantage_of_self", "advantage_of_cross"
Numbers = Mapping[str, Any]


def verdict(
    numbers: Numbers, gaps: Sequence[Numbers], sensitivity: Numbers, design: Design, person: str
) -> dict[str, Any]:
    """What is to be told of a study, as a whole and by target.

    `can_show` says whether a difference could have been found, and `short` of each target what it
    lacks for that. `outcome` is one of the five above, `explanations` what else could make such an
    advantage, as far as the arms of the main study tell (others: stages/experiments/other_arms).
    `lights` has what the first screen marks. `gaps` are those on parts of the rows
    (stages/analysis/subsets.py). `person` is that in which cross was asked; self is always asked in
    the second.
    """
    targets: dict[str, dict[str, Any]] = {
        target: {
            "outcome": outcome(numbers["primary"]["targets"].get(target, {})),
            "short": list(_short(numbers, target, sensitivity.get(target))),
        }
        for target in design.subjects
    }
    found = outcome(numbers["primary"])
    for of in targets.values():
        of["can_show"] = not of["short"]
    return {
        "can_show": all(of["can_show"] for of in targets.values()),
        "outcome": found,
        "explanations": list(_explanations(numbers, gaps, found, design, person)),
        "seeds": len(design.seeds),
        "needed": NEEDED,
        "lights": _lights(numbers, targets),
        "targets": targets,
    }


def outcome(found: Numbers) -> str:
    """What `corrected` and `raw` say together, of all targets or of one."""
    corrected, raw = found.get("corrected") or {}, found.get("raw") or {}
    value, low, high = (corrected.get(name) for name in ("estimate", "ci_low", "ci_high"))
    if value is None or raw.get("estimate") is None:
        return NO_NUMBER
    if low is None or high is None:
        return NULL if corrected.get("discordant") == 0 else NO_NUMBER
    if low <= 0 <= high:
        return NULL
    if value * raw["estimate"] <= 0:
        return SIGNS_DIFFER
    return OF_SELF if value > 0 else OF_CROSS


def _short(numbers: Numbers, target: str, copies: Numbers | None) -> Iterator[dict[str, Any]]:
    """What a target falls short of: `what`, and `found` where it was measured."""
    compared = numbers["primary"]["targets"].get(target, {})
    for what in ("cells", "tasks"):
        if (found := compared.get(what, 0)) < NEEDED[what]:
            yield {"what": what, "found": found}
    of = numbers["targets"][target]
    for kind, predictor, arm in _compared_arms(of, target):
        ceiling, mode = arm.get("ceiling"), arm.get("ceiling_mode", arm.get("mode"))
        about = {"what": "ceiling", "kind": kind, "predictor": predictor}
        if ceiling is None or mode is None:
            yield about
        elif ceiling <= mode:
            yield about | {"found": ceiling, "mode": mode}
    kept = of.get("kept")
    if kept is None:
        yield {"what": "kept"}
    elif kept < LEAST_KEPT:
        yield {"what": "kept", "found": kept}
    yield from _insensitive(copies)


def _insensitive(copies: Numbers | None) -> Iterator[dict[str, Any]]:
    """Why copies of the model with private answers do not prove that the study would find them."""
    if not copies or copies.get("held") is None:
        reason = (copies or {}).get("reason")
        yield {"what": "sensitivity"} | ({"reason": reason} if reason else {})
    elif copies["held"] < LEAST_HELD:
        yield {"what": "copy", "found": copies["held"]}
    elif not copies.get("found"):
        yield {"what": "gap", "found": copies.get("gap")}


def _compared_arms(of: Numbers, target: str) -> Iterator[tuple[str, str, Numbers]]:
    """Both sides of the primary comparison, as far as they are there."""
    arms = of.get("arms") or {}
    if FRESH_SELF in arms:
        yield FRESH_SELF, target, arms[FRESH_SELF]
    for predictor, arm in arms.get(CROSS, {}).items():
        yield CROSS, predictor, arm


def _explanations(
    numbers: Numbers, gaps: Sequence[Numbers], found: str, design: Design, person: str
) -> Iterator[dict[str, Any]]:
    """What could make such an advantage without a model's knowing itself; nothing of no advantage.

    What was not measured is not ruled out: `tried` is then false.
    """
    if found not in (OF_SELF, OF_CROSS):
        return
    if found == OF_SELF:
        yield {"why": "own_base"}
    if model := _better_predictor(numbers, design):
        yield {"why": "predictor", "model": model}
    if person == "third":
        yield {"why": "person"}
    on_kept = _where_kept(gaps)
    if on_kept is None or (on_kept > 0) != (found == OF_SELF):
        yield {"why": "drift", "tried": on_kept is not None}


def _where_kept(gaps: Sequence[Numbers]) -> float | None:
    """The corrected difference over all targets on the rows where M1 does what M did."""
    wanted = ("all", "unchanged", "primary")
    for row in gaps:
        if (row["target"], row["subset"], row.get("comparison")) == wanted:
            value: float | None = row.get("estimate")
            return value
    return None


def _better_predictor(numbers: Numbers, design: Design) -> str | None:
    """The model that is ahead about every target, itself and others; None where it changes.

    Where there is one target alone it is whoever is ahead about that.
    """
    ahead = set()
    for target in design.subjects:
        said = {
            predictor: arm["corrected"]["estimate"]
            for _, predictor, arm in _compared_arms(numbers["targets"][target], target)
            if arm["corrected"].get("estimate") is not None
        }
        if len(said) > 1:
            ahead.add(max(said, key=said.__getitem__))
    return ahead.pop() if len(ahead) == 1 else None


def _lights(numbers: Numbers, targets: Mapping[str, Numbers]) -> dict[str, bool]:
    """What holds for every target: nothing short of it, and predictors that learned."""
    short = {item["what"] for of in targets.values() for item in of["short"]}
    arms = [
        arm
        for target in targets
        for _, _, arm in _compared_arms(numbers["targets"][target], target)
    ]
    return {
        "kept": "kept" not in short,
        "learned": bool(arms) and all(_learned(arm) for arm in arms),
        "cells": not short & {"cells", "tasks"},
        "ceiling": bool(arms) and "ceiling" not in short,
        "sensitivity": not short & {"sensitivity", "copy", "gap"},
    }


def _learned(arm: Numbers) -> bool:
    held_back, mode = arm.get("held_back"), arm.get("held_back_mode")
    return held_back is not None and mode is not None and held_back > mode
