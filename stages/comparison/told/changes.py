"""What changed between two versions: params, code, data, and what numbers are not of."""

from collections.abc import Iterable, Iterator, Sequence

from stages.comparison.comparing import Comparison, Side
from stages.comparison.lock import (
    Evaluated,
    changed_code,
    changed_outs,
    changed_params,
    evaluated,
    made_of_the_same,
)
from stages.comparison.settings import Changed
from stages.comparison.told.words import counted, listed

MOST_PARAMS, MOST_ROOMS, MOST_STAGES = 12, 14, 6
BRIEF_PARAMS, BRIEF_ROOMS, BRIEF_STAGES, BRIEF_STALE = 5, 8, 3, 4


def told_changes(comparison: Comparison, brief: bool) -> Iterator[str]:
    """What the two were made of and what of that differs, then what is not of its own version."""
    yield from _params(comparison, brief)
    yield from _made(comparison, brief)
    for side in (comparison.one, comparison.other):
        yield from _stale(side, brief)


def _params(comparison: Comparison, brief: bool) -> Iterator[str]:
    """Params as they stand and, where a version was not run with its own, as they were run with."""
    sides = comparison.one, comparison.other
    yield f"params: {_keys(comparison.params, brief)}"
    if any(side.stale.params for side in sides):
        ran = changed_params(*(side.lock for side in sides))
        yield f"params that the numbers were made with: {_keys(ran, brief)}"


def _keys(found: Sequence[Changed], brief: bool) -> str:
    most = BRIEF_PARAMS if brief else MOST_PARAMS
    told = [of.told for of in found[:most]]
    if more := len(found[most:]):
        told.append(f"and {counted(more, 'more key')}")
    return "; ".join(told) or "the same"


def _made(comparison: Comparison, brief: bool) -> Iterator[str]:
    """Code and data as dvc.lock has them, and how numbers are made of answers."""
    one, other = comparison.one.lock, comparison.other.lock
    if not one.cells or not other.cells:
        lacking = [side.name for side in (comparison.one, comparison.other) if not side.lock.cells]
        has = "has" if len(lacking) == 1 else "have"
        yield f"code and data: not told, as {listed(lacking)} {has} no dvc.lock"
        return
    rooms = listed(_rooms(changed_code(one, other)), BRIEF_ROOMS if brief else MOST_ROOMS)
    yield f"code that the numbers are made with: {rooms or 'the same'}"
    made = evaluated(one, other)
    if made and made.otherwise and (made.same_answers or comparison.paired is None):
        yield _otherwise(made, brief)
    outs = changed_outs(one, other)
    differ, every = sum(n for n, _ in outs.values()), sum(of for _, of in outs.values())
    stages = [f"{stage} {n} of {of}" for stage, (n, of) in outs.items() if n]
    most = BRIEF_STAGES if brief else MOST_STAGES
    where = f": {listed(stages, most)}" if stages else ""
    yield f"data: {differ} of {counted(every, 'output')} differ{where}"
    if same := made_of_the_same(one, other):
        yield (
            f"made anew of the same code, params and data, and yet other: {listed(same, most)}; "
            "another processor may round otherwise"
        )


def _otherwise(made: Evaluated, brief: bool) -> str:
    """That numbers were made otherwise, which no answer tells."""
    differ = listed(_rooms(made.otherwise), BRIEF_ROOMS if brief else MOST_ROOMS)
    if made.same_answers:
        return f"evaluate makes numbers of the same answers otherwise: {differ} changed"
    return f"evaluate itself changed ({differ}), so a number may be made otherwise than before"


def _rooms(paths: Iterable[str]) -> list[str]:
    """The rooms and commands by their names; the studies of controls as one."""
    told = ("controls/*.yaml" if of.startswith("controls/") else of for of in paths)
    return list(dict.fromkeys(of.removeprefix("stages/") for of in told))


def _stale(side: Side, brief: bool) -> Iterator[str]:
    """A warning where the numbers of a version are not of its own code and params."""
    if not side.stale:
        return
    most = BRIEF_STALE if brief else BRIEF_ROOMS
    told = [
        f"{what} ({listed(names, most)})"
        for what, names in (
            ("other code", _rooms(side.stale.code)),
            ("other params", side.stale.params),
            ("results that no run made so", side.stale.by_hand),
            ("stages that never ran", side.stale.missing),
        )
        if names
    ]
    mended = "; `dvc repro` makes them anew" if side.version.is_tree else ""
    yield (
        f"careful: the numbers of {side.name} were not made with its own files: "
        f"{', '.join(told)}{mended}"
    )
