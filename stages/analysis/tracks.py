"""Whether an arm tells of M1, its target, or of what M did: where the two differ, who is met.

A self that learned its labels from M may say what M did; a self that looks at itself says what M1
does (arXiv 2606.32038).
"""

from typing import Any

import pandas as pd

from stages.analysis.averages import average, means
from stages.analysis.behaviors import moved
from stages.analysis.columns import same, select
from stages.analysis.rule import Rule
from stages.study.arms import CROSS, FRESH_SELF, SELF

KINDS = (SELF, FRESH_SELF, CROSS)


def tracks(rows: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """By kind the accuracy about M1 minus that about M, on the rows about what moved.

    `rows` are informative score rows about one target; of several crosses the mean is taken. Left
    out are kinds that were asked about nothing that moved.
    """
    found = {}
    for kind in KINDS:
        own = about_both(select(rows, kind=kind))
        if len(own):
            of = means(own, rule, "correct", "correct_before")
            estimate = average(own, rule, "minus")._asdict()
            found[kind] = {"about_m1": of["correct"], "about_m": of["correct_before"]} | estimate
    return found


def about_both(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows about what moved, each with `correct_before` and what is right more than that.

    An answer that does not comply is right about neither.
    """
    own = rows[moved(rows)]
    before = same(own["answer"], own["before"]) & own["compliant"].astype(bool)
    return own.assign(
        correct_before=before.astype(float),
        minus=own["correct"].astype(float) - before.astype(float),
    )
