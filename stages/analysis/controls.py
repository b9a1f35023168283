"""The numbers of a control study, over both of its targets, by which it is judged."""

from typing import Any

import pandas as pd

from stages.analysis.averages import accuracy, average
from stages.analysis.columns import select
from stages.analysis.rounding import rounded
from stages.analysis.rule import Rule
from stages.analysis.summary import gap, gap_pairs, informative_rows
from stages.study.arms import CROSS, SELF


def control_numbers(scores: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """Accuracies, the gap, and self's accuracy minus that of the mode of the scored rows."""
    rows = informative_rows(scores)
    own = select(rows, kind=SELF)
    over_mode = own.assign(minus=own["correct"].astype(float) - own["mode_correct"])
    return rounded(
        {
            "self": accuracy(own, rule).estimate,
            "cross": accuracy(select(rows, kind=CROSS), rule).estimate,
            "mode": accuracy(own, rule, "mode_correct").estimate,
            "gap": gap(gap_pairs(rows), rule)._asdict(),
            "over_mode": average(over_mode, rule, "minus")._asdict(),
        }
    )
