"""Several versions as one curve: each headline number over the param that they differ in.

Versions with one value there, such as training seeds, are one point: their rows are put together,
each version as trainings of its own, so that intervals are those of all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import pandas as pd

from stages.analysis.averages import accuracy, average
from stages.analysis.columns import select
from stages.analysis.intervals import Estimate
from stages.analysis.primary import balanced, corrected_pairs, counted
from stages.analysis.rule import Rule
from stages.comparison.comparing import Side, rule_of
from stages.comparison.lock import read_mapping
from stages.comparison.settings import changed, number_at
from stages.storage.errors import StudyError
from stages.storage.tables import Row
from stages.study.arms import CROSS, FRESH_SELF, SELF

SEEDS = ("seed", "seeds")
"""params that make no other study, but draw it anew"""
NUMBERS = ("primary", FRESH_SELF, CROSS, SELF)
PANELS = {"primary": "fresh self minus cross, corrected"}
"""number -> its panel; accuracies share one"""


@dataclass(frozen=True)
class Point:
    """The versions with one value of the param, and what all their rows say."""

    at: str
    names: tuple[str, ...]
    found: dict[str, Estimate]
    """number -> its estimate; without interval where a version has no rows"""


@dataclass(frozen=True)
class Sweep:
    """The points in the order of the param; `key` is None where no number tells versions apart."""

    key: str | None
    points: list[Point]
    others: list[str]
    """other keys in which the versions differ"""
    without_rows: list[str]


def sweep(sides: Sequence[Side]) -> Sweep:
    """Versions by the param that they differ in: of several numbers that of the most values."""
    if len(sides) < 2:
        raise StudyError("a sweep has two versions at least; `dvc exp list` names experiments")
    told = [read_mapping(side.version, "params.yaml") for side in sides]
    keys = list(dict.fromkeys(of.key for params in told[1:] for of in changed(told[0], params)))
    values = {
        key: [value for params in told if (value := number_at(params, key)) is not None]
        for key in keys
    }
    numeric = [key for key in keys if key not in SEEDS and len(values[key]) == len(sides)]
    key = max(numeric, key=lambda name: len(set(values[name])), default=None)
    groups: dict[str, list[Side]] = {}
    if key is None:
        groups = {side.name: [side] for side in sides}
    else:
        for value, side in sorted(zip(values[key], sides, strict=True), key=lambda pair: pair[0]):
            groups.setdefault(f"{value:g}", []).append(side)
    points = [Point(at, tuple(s.name for s in of), _found(of)) for at, of in groups.items()]
    without = [side.name for side in sides if side.version.rows is None]
    return Sweep(key, points, [name for name in keys if name != key], without)


def _found(sides: Sequence[Side]) -> dict[str, Estimate]:
    """The numbers of some versions, put together."""
    tables = [side.version.rows for side in sides]
    there = [rows for rows in tables if rows is not None]
    if len(there) < len(sides):
        shared = [n for n in NUMBERS if all(n in side.numbers for side in sides)]
        return {n: Estimate(fmean(side.numbers[n] for side in sides)) for n in shared}
    rows = pd.concat(
        [
            # A training of another version is another one, whatever its seed is called.
            rows.assign(seed=number * 10_000 + rows["seed"].astype(int))
            for number, rows in enumerate(there)
        ],
        ignore_index=True,
    )
    return dict(_of_rows(rows[rows["used"]], rule_of(sides[-1].version)))


def _of_rows(rows: pd.DataFrame, rule: Rule) -> Iterator[tuple[str, Estimate]]:
    rows = rows.astype(
        {name: object for name in ("target", "predictor", "kind", "truth", "answer")}
    )
    pairs = corrected_pairs(rows.assign(compliant=rows["answer"].notna()))
    pairs = balanced(counted(pairs, rule))
    found = {"primary": average(pairs, rule, "minus", differs="varies", limit=2)}
    found |= {kind: accuracy(select(rows, kind=kind), rule) for kind in NUMBERS[1:]}
    yield from ((name, of) for name, of in found.items() if of.estimate is not None)


def curve(found: Sweep) -> list[Row]:
    """The points of the picture: at, number, value, panel, and ci_low and ci_high where known."""
    by = f", by {found.key}" if found.key else ""
    return [
        {
            "at": point.at,
            "number": name.replace("_", " "),
            "value": of.estimate,
            "panel": PANELS.get(name, "accuracy") + by,
        }
        | ({} if of.ci_low is None else {"ci_low": of.ci_low, "ci_high": of.ci_high})
        for point in found.points
        for name, of in point.found.items()
    ]
