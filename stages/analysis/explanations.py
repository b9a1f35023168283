"""What else could make an advantage, where no model knows itself; and what rules that out.

Of the arms of the main study alone; the other arms (stages/experiments/other_arms) are looked at
where the report is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stages.study.arms import CROSS, FRESH_SELF
from stages.study.design import Design

OF_SELF, OF_CROSS = "advantage_of_self", "advantage_of_cross"
Numbers = Mapping[str, Any]


def explanations(
    numbers: Numbers,
    gaps: Sequence[Numbers],
    outcome: str,
    design: Design,
    *,
    person: str,
    rehearsed: bool,
) -> Iterator[dict[str, Any]]:
    """What could make such an advantage, each with `why`; nothing of no advantage.

    `gaps` are those on parts of the rows. `person` is that in which cross was asked; `rehearsed`
    whether trained models rehearsed their own answers. What was not measured is not ruled out:
    drift has `tried`, and what was `found` where it was.
    """
    if outcome not in (OF_SELF, OF_CROSS):
        return
    if outcome == OF_SELF:
        yield {"why": "own_base"}
        if rehearsed:
            yield {"why": "rehearsal"}
    if model := _better_predictor(numbers, design):
        yield {"why": "predictor", "model": model}
    if person == "third":
        yield {"why": "person"}
    if outcome == OF_SELF:
        yield from _drift(gaps)


def compared_arms(of: Numbers, target: str) -> Iterator[tuple[str, str, Numbers]]:
    """Kind, predictor and numbers of both sides of the primary comparison, as far as there."""
    arms = of.get("arms") or {}
    if FRESH_SELF in arms:
        yield FRESH_SELF, target, arms[FRESH_SELF]
    for predictor, arm in arms.get(CROSS, {}).items():
        yield CROSS, predictor, arm


def _drift(gaps: Sequence[Numbers]) -> Iterator[dict[str, Any]]:
    """That training moved target and predictor alike, until self is ahead where M1 does as M did.

    That is the corrected difference over all targets, on the rows whose value training kept.
    """
    wanted = ("all", "unchanged", "primary")
    rows = [g for g in gaps if (g["target"], g["subset"], g.get("comparison")) == wanted]
    found = {name: rows[0].get(name) for name in ("estimate", "ci_low", "ci_high")} if rows else {}
    if found.get("estimate") is None:
        yield {"why": "drift", "tried": False}
    elif (found["ci_low"] or 0.0) <= 0:
        yield {"why": "drift", "tried": True, "found": found}


def _better_predictor(numbers: Numbers, design: Design) -> str | None:
    """The model that is ahead about every target, itself and others; None where it changes.

    Where there is one target alone it is whoever is ahead about that.
    """
    ahead = set()
    for target in design.subjects:
        said = {
            predictor: arm["corrected"]["estimate"]
            for _, predictor, arm in compared_arms(numbers["targets"][target], target)
            if arm["corrected"].get("estimate") is not None
        }
        if len(said) > 1:
            ahead.add(max(said, key=said.__getitem__))
    return ahead.pop() if len(ahead) == 1 else None
