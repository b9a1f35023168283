"""calibration: how far what is said is from what is done, by arm, beside what needs no knowledge.

A point is one of the three likeliest values of a property of the target's answer to one input
(arXiv 2410.13787, figures 6 and 20). Where the target was sampled the first half of its samples
chooses and bins the points and the second half measures them, so that a value that was likely by
luck is not taken for a likely one. Bins have fixed edges and what chance adds is taken off
(stages/analysis/calibration.py); `mad_published` uses all samples for both, and quantiles. In
`dealt_out` stands the mean of what an arm says of the other inputs of the task and property: what
knows the average only loses nothing by it.
"""

import pandas as pd

from stages.analysis.columns import select
from stages.analysis.rounding import rounded
from stages.analysis.rule import Rule
from stages.experiments.calibration.measure.board import board
from stages.experiments.calibration.measure.points import distributions
from stages.experiments.calibration.params import Told
from stages.storage.tables import Row
from stages.study.design import Design

OWN = "untrained_own"  # it is about another target than all other kinds: M itself


def numbers(rows: pd.DataFrame, told: Told, design: Design, rule: Rule) -> dict[str, list[Row]]:
    """`arms`, `differences` and `bins`: a row for each target and property, or "all" of them.

    Deviations are in percentage points; a difference below zero says that `kind` is nearer.
    """
    found: dict[str, list[Row]] = {"arms": [], "differences": [], "bins": []}
    for target in design.subjects:
        mine = select(rows, target=target)
        of_m = mine["kind"].eq(OWN)
        parts = [distributions(part) for part in (mine[~of_m], mine[of_m])]
        for name in (*sorted(mine["property"].unique()), "all") if len(mine) else ():
            for part in parts:
                compared = board(part, name, told.bins, rule)
                for table, more in (compared.tables() if compared else {}).items():
                    about = {"target": target, "property": name}
                    found[table] += [about | rounded(row) for row in more]
    return found


def plot(numbers: dict[str, list[Row]]) -> list[Row]:
    """The reliability points over all properties: the means of each bin, by target and arm."""
    return [row for row in numbers["bins"] if row["property"] == "all"]
