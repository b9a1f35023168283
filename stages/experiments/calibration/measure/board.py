"""Arms compared on the same points: deviations, their differences, and how chance moves them.

Array suffixes: N points, A arms, D draws of a bootstrap.
"""

from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.calibration import drawn_deviations, expected_calibration_error
from stages.analysis.columns import group_codes, groups, records, select
from stages.analysis.rule import Rule
from stages.experiments.calibration.measure.points import ARM, PLACE, Distributions
from stages.published.calibration import (
    RANKS,
    Point,
    bin_numbers,
    bins,
    mean_absolute_deviation,
)
from stages.storage.tables import Row
from stages.study.arms import CROSS, FRESH_SELF, SELF, UNTRAINED

DIFFERENCES = ((SELF, CROSS), (FRESH_SELF, CROSS), (SELF, UNTRAINED))
Arm = tuple[Any, ...]
"""(kind, predictor)"""
Drawn = dict[tuple[Arm, str], np.ndarray]
"""(arm, column of points) -> its deviation in each draw"""


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
        one = next(iter(self.points.values()))
        inputs = one.drop_duplicates(["task", "input_id"])
        counts = {"points": len(one), "inputs": len(inputs)}
        drawn = self._drawn(one)
        arms = [
            _named(arm) | self._scores(arm) | counts | {"dealt_out": self._dealt_out(arm, drawn)}
            for arm in self.points
        ]
        differences = [
            _named(own)
            | {"minus": other[0], "minus_predictor": other[1]}
            | self._minus((own, "predicted"), (other, "predicted"), drawn)
            | counts
            for kinds in DIFFERENCES
            for own in self.points
            for other in self.points
            if (own[0], other[0]) == kinds
        ]
        columns = {"target": "target_probability", "predicted": "predicted_probability"}
        reliability = [
            _named(arm) | row
            for arm in self.points
            for row in records(self._bins(self.points[arm]).rename(columns=columns))
        ]
        return {"arms": arms, "differences": differences, "bins": reliability}

    def _scores(self, arm: Arm) -> Row:
        points, cases, table = self.points[arm], self.cases[arm], self._bins(self.points[arm])
        published = _points(self.published[arm])
        by_rank = {rank: select(points, rank=rank) for rank in range(1, RANKS + 1)}
        return {
            "mad": mean_absolute_deviation(table),
            "ece": expected_calibration_error(table),
            "brier": fmean(cases["brier"]),
            "compliance": fmean(cases["compliance"]),
            "mad_complied": self._mad(arm, "complied"),
            "mad_by_rank": {
                str(rank): mean_absolute_deviation(self._bins(own))
                for rank, own in by_rank.items()
                if len(own)
            },
            "mad_published": mean_absolute_deviation(bins(published, self.bins)),
        }

    def _dealt_out(self, arm: Arm, drawn: Drawn) -> Row:
        """The same of what was said of other inputs, and how much nearer the arm is."""
        return {
            "mad": self._mad(arm, "dealt"),
            "brier": fmean(self.cases[arm]["brier_dealt"]),
            "minus": self._minus((arm, "predicted"), (arm, "dealt"), drawn),
        }

    def _minus(self, one: tuple[Arm, str], two: tuple[Arm, str], drawn: Drawn) -> Row:
        """A difference with the interval between the quantiles of the same of the draws."""
        tail = (1 - self.rule.confidence) / 2
        low, high = np.quantile(drawn[one] - drawn[two], [tail, 1 - tail])
        estimate = self._mad(*one) - self._mad(*two)
        return {"estimate": estimate, "ci_low": float(low), "ci_high": float(high)}

    def _mad(self, arm: Arm, column: str) -> float:
        return mean_absolute_deviation(self._bins(self.points[arm], column))

    def _bins(self, points: pd.DataFrame, column: str = "predicted") -> pd.DataFrame:
        return bins(_points(points, column), self.bins, points["likely"].to_numpy())

    def _drawn(self, one: pd.DataFrame) -> Drawn:
        names = [(arm, column) for column in ("predicted", "dealt") for arm in self.points]
        said_NA = np.array([self.points[arm][column] for arm, column in names]).T
        drawn_DA = drawn_deviations(
            one["target"].to_numpy()[:, None] - said_NA,
            bin_numbers(one["likely"], self.bins),
            list(zip(one["task"], one["input_id"], strict=True)),
            self.rule.seed,
        )
        return dict(zip(names, drawn_DA.T, strict=True))


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


def _points(rows: pd.DataFrame, column: str = "predicted") -> list[Point]:
    return list(map(Point, rows["target"], rows[column]))


def _named(arm: Arm) -> Row:
    return dict(zip(ARM, arm, strict=True))
