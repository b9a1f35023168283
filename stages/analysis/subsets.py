"""metrics/subsets.json: the gap on rows where privileged knowledge could show, and on the others.

Every subset is defined without looking at what self or cross answered, or at what they were taught.
"""

from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.averages import means, paired
from stages.analysis.baselines import CROSS_FITTED
from stages.analysis.behaviors import entropy_kept, is_among
from stages.analysis.columns import same, select
from stages.analysis.rule import Rule
from stages.analysis.summary import gap, gap_pairs
from stages.study.arms import SELF
from stages.study.design import Design

MEANING = {
    "all": "all informative rows",
    "disagreement": "the cross-predictor's base model itself does something else than the target",
    "agreement": "the cross-predictor's base model itself does what the target does",
    "text_baseline_wrong": "a classifier fitted on what M1 did on other scored texts is wrong",
    "text_baseline_right": "it is right",
    "entropy_matched": "as many rows of each value of a cell as both M and M1 have",
    "changed": "M1 does something else than M did: stale labels are wrong here",
    "unchanged": "M1 does what M did",
    "undecided": "M1 gave the first token of its answer a probability under 0.5",
    "leaning": "a probability from 0.5 to 0.9",
    "decided": "a probability over 0.9",
}


def gaps_on_subsets(rows: pd.DataFrame, rule: Rule, design: Design) -> list[dict[str, Any]]:
    """The gap over all targets, and of each, on each subset of informative score rows.

    `target` is "all" for the gap over all targets; subsets without a pair are left out.
    """
    pairs = gap_pairs(rows)
    subsets = _subsets(rows, pairs)
    table = []
    for target in (None, *design.subjects):
        of_target = pairs["target"].eq(target) if target else pd.Series(True, index=pairs.index)
        for name, belongs in subsets.items():
            chosen = pairs[of_target & belongs]
            if len(chosen):
                of = means(chosen, rule, "own", "other")
                table.append(
                    {
                        "target": target or "all",
                        "subset": name,
                        "self": of["own"],
                        "cross": of["other"],
                        **gap(chosen, rule)._asdict(),
                    }
                )
    return table


def _subsets(rows: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, pd.Series]:
    """Which pairs belong to each subset."""
    guesses = paired(select(rows, kind=CROSS_FITTED), pairs)
    guess = guesses["own"].reindex(pairs.index)  # missing where the classifier made none
    matched = entropy_kept(select(rows, kind=SELF), "before", "truth")[1]
    did_same = same(pairs["before"], pairs["truth"])
    probability = np.exp(pairs["target_logprob"])
    return {
        "all": pd.Series(True, index=pairs.index),
        "disagreement": pairs["agree"].eq(False),
        "agreement": pairs["agree"].eq(True),
        "text_baseline_wrong": guess.eq(0.0),
        "text_baseline_right": guess.eq(1.0),
        "entropy_matched": is_among(pairs, matched),
        "changed": pairs["before"].notna() & ~did_same,
        "unchanged": did_same,
        "undecided": probability < 0.5,
        "leaning": (probability >= 0.5) & (probability <= 0.9),
        "decided": probability > 0.9,
    }
