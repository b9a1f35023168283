"""calibration: how far what is said is from what is done, by arm, beside what needs no knowledge.

A point is one of the three likeliest values of a property of the target's answer to one input
(STUDY section 6). Where the target was sampled the first half of its samples chooses and bins the
points and the second half measures them, so that a value that was likely by luck is not taken for
a likely one; `mad_published` uses all samples for both. In `dealt_out` each arm's distributions go
to other inputs of their task and property: what knows the average only loses nothing by it.
Array suffixes: N points, A arms, D draws of a bootstrap.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.outcomes import groups
from stages.params import Params
from stages.published.calibration import (
    RANKS,
    Point,
    bin_numbers,
    bins,
    brier_score,
    drawn_deviations,
    expected_calibration_error,
    mean_absolute_deviation,
)
from stages.storage.tables import Row
from stages.study.splits import rng

DIFFERENCES = (("self", "cross"), ("fresh_self", "cross"), ("self", "untrained"))
OWN = "untrained_own"  # it is about another target than all other kinds: M itself
ALL = slice(None)
Place = tuple[int, str, str, str]
"""(seed, task, input_id, property)"""
Arm = tuple[str, str]
"""(kind, predictor)"""
Shares = dict[str, float]
"""value -> probability"""


@dataclass
class Case:
    """What an arm said of one input and property, and what was done.

    `likely` has the likeliest values: a probability to bin by and the measured one; `dealt` is
    what the arm said of another input.
    """

    said: Shares
    did: Shares
    likely: dict[str, tuple[float, float]]
    published: Shares
    dealt: Shares = field(default_factory=dict)


def numbers(rows: Sequence[Row], params: Params) -> dict[str, list[Row]]:
    """`arms`, `differences` and `bins`: a row for each target and property, or "all" of them.

    Deviations are in percentage points; a difference below zero says that `kind` is nearer.
    """
    found: dict[str, list[Row]] = {"arms": [], "differences": [], "bins": []}
    for target in params.subjects:
        arms = _arms([row for row in rows if row["target"] == target], params.seed)
        names = sorted({place[3] for cases in arms.values() for place in cases})
        for name in (*names, "all") if names else ():
            for own in (False, True):
                board = _board(
                    {
                        arm: {p: case for p, case in cases.items() if name in ("all", p[3])}
                        for arm, cases in arms.items()
                        if (arm[0] == OWN) == own
                    },
                    params,
                )
                about = {"target": target, "property": name}
                for table, more in (board.tables() if board else {}).items():
                    found[table] += [about | _rounded(row) for row in more]
    return found


def plot(numbers: dict[str, list[Row]]) -> list[Row]:
    """The reliability points over all properties: the means of each bin, by target and arm."""
    return [row for row in numbers["bins"] if row["property"] == "all"]


def _arms(rows: Iterable[Row], seed: int) -> dict[Arm, dict[Place, Case]]:
    """The cases of one target; each distribution is dealt to the next input of a shuffled cell.

    An input that is alone in its cell keeps its own.
    """
    arms: dict[Arm, dict[Place, Case]] = {}
    for arm, of_arm in groups(rows, "kind", "predictor").items():
        places = groups(of_arm, "seed", "task", "input_id", "property")
        arms[arm] = {place: _case(own) for place, own in sorted(places.items())}
        cells: dict[tuple, list[Place]] = {}
        for place in arms[arm]:
            cells.setdefault((place[0], place[1], place[3]), []).append(place)
        for cell, own in cells.items():
            rng(seed, "dealt_out", *cell).shuffle(own)
            for place, other in zip(own, [*own[1:], own[0]], strict=True):
                arms[arm][place].dealt = arms[arm][other].said
    return arms


def _case(rows: Sequence[Row]) -> Case:
    by_condition = {name: own for (name,), own in groups(rows, "condition").items()}
    whole = by_condition.get("exact") or by_condition["all"]
    published = _likely(whole)
    likely = {value: (p, p) for value, p in published.items()}
    if "all" in by_condition:
        measured = _likely(by_condition["second_half"])
        likely = {v: (p, measured[v]) for v, p in _likely(by_condition["first_half"]).items()}
    said, did = (
        {row["truth"]: row[column] for row in whole if row[column]}
        for column in ("predicted_probability", "target_probability")
    )
    return Case(said, did, likely, published)


def _likely(rows: Iterable[Row]) -> dict[str, float]:
    return {
        row["truth"]: row["target_probability"]
        for row in sorted(rows, key=lambda row: row["rank"] or 0)
        if row["rank"] is not None and row["rank"] <= RANKS
    }


@dataclass(frozen=True)
class Board:
    """Arms about the same points; `inputs` has the (task, input_id) of each point."""

    cases: dict[Arm, list[Case]]
    inputs: list[tuple[str, str]]
    likely_N: np.ndarray
    target_N: np.ndarray
    params: Params

    def tables(self) -> dict[str, list[Row]]:
        """The rows of numbers()'s tables."""
        said = {arm: self._column(arm, lambda case: case.said) for arm in self.cases}
        dealt = {arm: self._column(arm, lambda case: case.dealt) for arm in self.cases}
        mads, mads_dealt = (
            {arm: mean_absolute_deviation(self._bins(values_N)) for arm, values_N in of.items()}
            for of in (said, dealt)
        )
        drawn_DA = drawn_deviations(
            self.target_N[:, None] - np.array([*said.values(), *dealt.values()]).T,
            bin_numbers(self.likely_N, self._count),
            self.inputs,
            self.params.seed,
        )
        drawn = dict(zip(said, drawn_DA.T[: len(said)], strict=True))
        drawn_dealt = dict(zip(dealt, drawn_DA.T[len(said) :], strict=True))
        counts = {"points": len(self.inputs), "inputs": len(set(self.inputs))}
        arms = [
            _named(arm)
            | self._scores(arm, self._bins(said[arm]))
            | counts
            | {
                "dealt_out": {
                    "mad": mads_dealt[arm],
                    "brier": fmean(brier_score(c.dealt, c.did) for c in self.cases[arm]),
                    "minus": self._minus(
                        mads[arm] - mads_dealt[arm], drawn[arm] - drawn_dealt[arm]
                    ),
                }
            }
            for arm in self.cases
        ]
        differences = [
            _named(one)
            | {"minus": other, "minus_predictor": two[1]}
            | self._minus(mads[one] - mads[two], drawn[one] - drawn[two])
            | counts
            for own, other in DIFFERENCES
            for one in self.cases
            if one[0] == own
            for two in self.cases
            if two[0] == other
        ]
        columns = {"target": "target_probability", "predicted": "predicted_probability"}
        reliability = [
            _named(arm) | row
            for arm, values_N in said.items()
            for row in self._bins(values_N).rename(columns=columns).to_dict("records")
        ]
        return {"arms": arms, "differences": differences, "bins": reliability}

    def _scores(self, arm: Arm, table: pd.DataFrame) -> Row:
        cases = self.cases[arm]
        complied_N = self._column(arm, lambda case: _complied(case.said))
        published = [Point(p, c.said.get(v, 0.0)) for c in cases for v, p in c.published.items()]
        return {
            "mad": mean_absolute_deviation(table),
            "ece": expected_calibration_error(table),
            "brier": fmean(brier_score(case.said, case.did) for case in cases),
            "compliance": fmean(sum(case.said.values()) for case in cases),
            "mad_complied": mean_absolute_deviation(self._bins(complied_N)),
            "mad_by_rank": self._by_rank(self._column(arm, lambda case: case.said)),
            "mad_published": mean_absolute_deviation(bins(published, self._count)),
        }

    def _by_rank(self, predicted_N: np.ndarray) -> Row:
        """The MAD of the likeliest value of each case, of the second, of the third."""
        rank_N = np.array(
            [n for c in next(iter(self.cases.values())) for n, _ in enumerate(c.likely)]
        )
        return {
            str(rank + 1): mean_absolute_deviation(self._bins(predicted_N, rank_N == rank))
            for rank in range(RANKS)
            if (rank_N == rank).any()
        }

    @property
    def _count(self) -> int:
        return self.params.experiments.calibration.bins

    def _column(self, arm: Arm, shares: Callable[[Case], Shares]) -> np.ndarray:
        """The probability that each point has in some shares of the arm's cases."""
        return np.array([shares(c).get(value, 0.0) for c in self.cases[arm] for value in c.likely])

    def _bins(self, predicted_N: np.ndarray, of_N: np.ndarray | slice = ALL) -> pd.DataFrame:
        found = list(map(Point, self.target_N[of_N], predicted_N[of_N]))
        return bins(found, self._count, self.likely_N[of_N])

    def _minus(self, estimate: float, drawn_D: np.ndarray) -> Row:
        """A difference with the interval between the quantiles of the same of the draws."""
        tail = (1 - self.params.evaluate.confidence) / 2
        low, high = np.quantile(drawn_D, [tail, 1 - tail])
        return {"estimate": estimate, "ci_low": float(low), "ci_high": float(high)}


def _board(arms: dict[Arm, dict[Place, Case]], params: Params) -> Board | None:
    """The arms on the places that all of them have; None where there is none."""
    places = sorted(set.intersection(*map(set, arms.values()))) if arms else []
    if not places:
        return None
    cases = {arm: [arms[arm][place] for place in places] for arm in sorted(arms)}
    first = next(iter(cases.values()))
    inputs = [p[1:3] for p, case in zip(places, first, strict=True) for _ in case.likely]
    likely_N, target_N = np.array([pair for case in first for pair in case.likely.values()]).T
    return Board(cases, inputs, likely_N, target_N, params)


def _complied(said: Shares) -> Shares:
    """What was said as shares of the answers that complied."""
    total = sum(said.values())
    return {value: share / total for value, share in said.items()} if total else said


def _named(arm: Arm) -> Row:
    return {"kind": arm[0], "predictor": arm[1]}


def _rounded(row: dict[str, Any]) -> Row:
    """The same with floats of four decimals, also in a dictionary inside."""
    return {
        key: _rounded(value)
        if isinstance(value, dict)
        else round(value, 4) + 0.0
        if isinstance(value, float)
        else value
        for key, value in row.items()
    }
