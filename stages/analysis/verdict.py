"""The verdict: can a study show anything, what does it show, and what else could explain that.

Decided by thresholds that were set before any result (docs/method.md), from the numbers that
`summarise` (stages/analysis/summary.py) gives and those of metrics/sensitivity.json. It is a
decision and no text: the words are those of stages/reporting/templates.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stages.analysis.averages import mean
from stages.analysis.explanations import OF_CROSS, OF_SELF, compared_arms, explanations
from stages.analysis.sensitivity import LEAST_HELD
from stages.study.design import Design

NEEDED_CELLS, NEEDED_TASKS = 6, 3
"""used cells, and tasks that they are of, that a target needs for a verdict; a number has fewer"""
LEAST_KEPT = 0.5
"""share of answers of a task that training left word for word, as far as they are read: a target
under it is another model"""
MAX_P = 0.05
"""of what an arm says of labels that it was not taught, against the most common ones"""
NEEDED = {
    "cells": NEEDED_CELLS,
    "tasks": NEEDED_TASKS,
    "kept": LEAST_KEPT,
    "held": LEAST_HELD,
}
NO_NUMBER, NULL, SIGNS_DIFFER = "no_number", "null", "both_not"
Numbers = Mapping[str, Any]


def verdict(
    numbers: Numbers,
    gaps: Sequence[Numbers],
    sensitivity: Numbers,
    design: Design,
    *,
    person: str,
    rehearsed: bool,
) -> dict[str, Any]:
    """What is to be told of a study, as a whole and by target.

    `can_show` says whether a difference could have been found, and `short` of each target what it
    lacks for that. Where no copy of a model can be made `untried` has the reason: that is nothing
    that it lacks. `outcome` is one of the five above, `explanations` what else could make such an
    advantage (stages/analysis/explanations.py, which `gaps`, `person` and `rehearsed` are for).
    `lights` has what the first screen marks.
    """
    targets = {
        target: _of_target(numbers, target, sensitivity.get(target)) for target in design.subjects
    }
    found = outcome(numbers["primary"])
    else_ = explanations(numbers, gaps, found, design, person=person, rehearsed=rehearsed)
    return {
        "can_show": all(of["can_show"] for of in targets.values()),
        "outcome": found,
        "explanations": list(else_),
        "seeds": len(design.seeds),
        "needed": NEEDED,
        "lights": _lights(numbers, targets),
        "targets": targets,
    }


def sensitivity_gap(sensitivity: Numbers) -> float | None:
    """The mean gap of metrics/sensitivity.json over models whose copy took its private answers.

    It is that of copies with private answers to one that lacks them: what can be found at all.
    None where no copy took them.
    """
    taken = [of for of in sensitivity.values() if (of.get("held") or 0.0) >= LEAST_HELD]
    return mean(of.get("gap") for of in taken)


def _of_target(numbers: Numbers, target: str, copies: Numbers | None) -> dict[str, Any]:
    short = [*_short(numbers, target), *_insensitive(copies)]
    found = {
        "outcome": outcome(numbers["primary"]["targets"].get(target, {})),
        "short": short,
        "can_show": not short,
    }
    reason = _no_copy(copies)
    return found | ({"untried": reason} if reason else {})


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


def _short(numbers: Numbers, target: str) -> Iterator[dict[str, Any]]:
    """What a target falls short of: `what`, and `found` where it was measured."""
    compared = numbers["primary"]["targets"].get(target, {})
    for what in ("cells", "tasks"):
        if (found := compared.get(what, 0)) < NEEDED[what]:
            yield {"what": what, "found": found}
    of = numbers["targets"][target]
    for kind, predictor, arm in compared_arms(of, target):
        ceiling, mode = arm.get("ceiling"), arm.get("ceiling_mode", arm.get("mode"))
        about = {"what": "ceiling", "kind": kind, "predictor": predictor}
        if ceiling is None or mode is None:
            yield about
        elif ceiling <= mode:
            yield about | {"found": ceiling, "mode": mode}
    yield from _not_kept(of)


def _not_kept(of: Numbers) -> Iterator[dict[str, Any]]:
    """The task with used cells of which training kept the least, where that is too little."""
    if of.get("kept") is None:
        yield {"what": "kept"}
    by_task = of.get("kept_by_task") or {}
    task = min(by_task, key=by_task.__getitem__, default=None)
    if task is not None and by_task[task] < LEAST_KEPT:
        yield {"what": "kept", "task": task, "found": by_task[task]}


def _insensitive(copies: Numbers | None) -> Iterator[dict[str, Any]]:
    """Why copies of the model with private answers do not prove that the study would find them."""
    if _no_copy(copies):
        return
    if not copies or copies.get("held") is None:
        yield {"what": "sensitivity"}
    elif copies["held"] < LEAST_HELD:
        yield {"what": "copy", "found": copies["held"]}
    elif not copies.get("found"):
        yield {"what": "gap", "found": copies.get("gap")}


def _no_copy(copies: Numbers | None) -> str | None:
    """Why no copy of a model can be made, as of one on a server; None where one can."""
    reason: str | None = (copies or {}).get("reason")
    return reason


def _lights(numbers: Numbers, targets: Mapping[str, Numbers]) -> dict[str, bool | None]:
    """What holds for every target: nothing short of it, and predictors that learned.

    Sensitivity is None where no copy of any of them can be made.
    """
    short = {item["what"] for of in targets.values() for item in of["short"]}
    arms = [
        arm for target in targets for _, _, arm in compared_arms(numbers["targets"][target], target)
    ]
    tried = any("untried" not in of for of in targets.values())
    return {
        "kept": "kept" not in short,
        "learned": bool(arms) and all(_learned(arm) for arm in arms),
        "cells": not short & {"cells", "tasks"},
        "ceiling": bool(arms) and "ceiling" not in short,
        "sensitivity": not short & {"sensitivity", "copy", "gap"} if tried else None,
    }


def _learned(arm: Numbers) -> bool:
    p_value = arm.get("held_back_p")
    return p_value is not None and p_value < MAX_P
