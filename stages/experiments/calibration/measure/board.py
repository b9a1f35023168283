"""Arms compared on the same points: deviations, their differences, and how chance moves them.

Deviations are those of stages/analysis/calibration.py, the paper's beside them. Array suffixes: N
points, A columns of arms.
"""

from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.calibration import Deviations, deviations, fixed_bins, reliability
from stages.analysis.columns import group_codes, groups, records, select
from stages.analysis.intervals import FEWEST
from stages.analysis.rule import Rule
from stages.experiments.calibration.measure.points import ARM, PLACE, Distributions
from stages.published.calibration import RANKS, Point, bins, mean_absolute_deviation
from stages.storage.tables import Row
from stages.study.arms import CROSS, FRESH_SELF, SELF, UNTRAINED

DIFFERENCES = ((SELF, CROSS), (FRESH_SELF, CROSS), (SELF, UNTRAINED))
COLUMNS = ("predicted", "dealt", "complied")
"""of points: what of an arm is set against the target"""
Arm = tuple[Any, ...]
"""(kind, predictor)"""


@dataclass(frozen=True)
class Board:
    """Cases and points of arms, each about the same places in the same order."""

    cases: dict[Arm, pd.DataFrame]
    points: dict[Arm, pd.DataFrame]
    published: dict[Arm, pd.DataFrame]
    bins: int
    rule: Rule

    def tables(self) -> dict[str, list[Row]]:
        """The rows of `arms`, `differences` and `bins`."""
        counts = {"points": len(self._places), "inputs": self._inputs}
        arms = [
            _named(arm) | self._scores(arm) | counts | {"dealt_out": self._dealt_out(arm)}
            for arm in self.points
        ]
        differences = [
            _named(own)
            | {"minus": other[0], "minus_predictor": other[1]}
            | self._minus((own, "predicted"), (other, "predicted"))
            | counts
            for kinds in DIFFERENCES
            for own in self.points
            for other in self.points
            if (own[0], other[0]) == kinds
        ]
        columns = {"target": "target_probability", "predicted": "predicted_probability"}
        said = [
            _named(arm) | row
            for arm, own in self.points.items()
            for row in records(reliability(own, "predicted", self._bins).rename(columns=columns))
        ]
        return {"arms": arms, "differences": differences, "bins": said}

    def _scores(self, arm: Arm) -> Row:
        cases, published = self.cases[arm], self.published[arm]
        points = list(map(Point, published["target"], published["predicted"]))
        here = self._order[arm, "predicted"]
        return {
            "mad": self._mad(arm, "predicted"),
            "ece": float(self._whole.found_A[here]) / 100,
            "brier": fmean(cases["brier"]),
            "compliance": fmean(cases["compliance"]),
            "mad_complied": self._mad(arm, "complied"),
            "mad_by_rank": {
                str(rank): _at_least_zero(found, here) for rank, found in self._by_rank.items()
            },
            "mad_published": mean_absolute_deviation(bins(points, self.bins)),
        }

    def _dealt_out(self, arm: Arm) -> Row:
        """The same of what was said of other inputs, and how much nearer the arm is."""
        return {
            "mad": self._mad(arm, "dealt"),
            "brier": fmean(self.cases[arm]["brier_dealt"]),
            "minus": self._minus((arm, "predicted"), (arm, "dealt")),
        }

    def _minus(self, one: tuple[Arm, str], two: tuple[Arm, str]) -> Row:
        """A difference; with an interval where there are inputs enough and anything differs."""
        confidence = self.rule.confidence
        estimate, ends = self._whole.minus(self._order[one], self._order[two], confidence)
        if ends is None or self._inputs < FEWEST:
            return {"estimate": estimate}
        return {"estimate": estimate, "ci_low": ends[0], "ci_high": ends[1]}

    def _mad(self, arm: Arm, column: str) -> float:
        return _at_least_zero(self._whole, self._order[arm, column])

    @cached_property
    def _places(self) -> pd.DataFrame:
        """The points of one arm, whose places, targets and bins are those of all."""
        return next(iter(self.points.values()))

    @cached_property
    def _inputs(self) -> int:
        return len(self._places.drop_duplicates(["task", "input_id"]))

    @cached_property
    def _bins(self) -> np.ndarray:
        return fixed_bins(self._places["likely"], self.bins)

    @cached_property
    def _order(self) -> dict[tuple[Arm, str], int]:
        """Where an arm's column stands among all."""
        names = [(arm, column) for column in COLUMNS for arm in self.points]
        return {name: at for at, name in enumerate(names)}

    @cached_property
    def _whole(self) -> Deviations:
        return self._deviations(np.ones(len(self._places), dtype=bool))

    @cached_property
    def _by_rank(self) -> dict[int, Deviations]:
        ranks_N = self._places["rank"].to_numpy()
        there = [rank for rank in range(1, RANKS + 1) if (ranks_N == rank).any()]
        return {rank: self._deviations(ranks_N == rank) for rank in there}

    def _deviations(self, chosen_N: np.ndarray) -> Deviations:
        places = self._places[chosen_N]
        said_NA = np.array([self.points[arm][column] for arm, column in self._order]).T[chosen_N]
        return deviations(
            places["target"].to_numpy()[:, None] - said_NA,
            self._bins[chosen_N],
            list(zip(places["task"], places["input_id"], strict=True)),
            self.rule.seed,
        )


def board(found: Distributions, name: str, count: int, rule: Rule) -> Board | None:
    """Arms on the places of a property, or of "all", that all of them have; None without any."""
    arms = len(found.cases.drop_duplicates(list(ARM)))
    chosen = select(found.cases, property=None if name == "all" else name)
    places_N = group_codes(chosen, PLACE)
    kept = chosen["case"][np.bincount(places_N)[places_N] == arms]
    if not len(kept):
        return None
    cases, points, published = (
        dict(groups(table[table["case"].isin(kept)], *ARM))
        for table in (found.cases, found.points, found.published)
    )
    return Board(cases, points, published, count, rule)


def _at_least_zero(found: Deviations, at: int) -> float:
    """A deviation less its bias, which may be more than what was found."""
    return max(float(found.corrected_A[at]), 0.0)


def _named(arm: Arm) -> Row:
    return dict(zip(ARM, arm, strict=True))
