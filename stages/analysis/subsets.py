"""metrics/subsets.json: the gap on rows where privileged knowledge could show, and on the others.

Every subset is defined without looking at what self or cross answered, or at what they were taught.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.averages import average, means, paired
from stages.analysis.baselines import CROSS_FITTED
from stages.analysis.behaviors import entropy_kept, is_among, moved
from stages.analysis.columns import select
from stages.analysis.primary import corrected_pairs, counted, in_shared_cells
from stages.analysis.rule import Rule
from stages.analysis.summary import gap, gap_pairs
from stages.study.arms import CROSS, FRESH_SELF, SELF
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

    `target` is "all" for the gap over all targets; subsets without a pair are left out. Where M1
    does what M did, and where not, all comparisons stand: `comparison` is gap, fresh_gap or
    primary, which compares what is corrected among the rows of the subset.
    """
    pairs = gap_pairs(rows)
    subsets = _subsets(rows, pairs)
    did_else = moved(rows)
    kept = {"changed": did_else, "unchanged": rows["before"].notna() & ~did_else}
    fresh = {name: gap_pairs(rows[which], FRESH_SELF) for name, which in kept.items()}
    corrected = {name: counted(corrected_pairs(rows[which]), rule) for name, which in kept.items()}
    table: list[dict[str, Any]] = []
    for target in (None, *design.subjects):
        for name, belongs in subsets.items():
            table += _compared("gap", name, pairs[belongs], target, rule)
        for name in kept:
            table += _compared("fresh_gap", name, fresh[name], target, rule)
            table += _compared("primary", name, corrected[name], target, rule)
    return table


def _compared(
    comparison: str, subset: str, pairs: pd.DataFrame, target: str | None, rule: Rule
) -> Iterator[dict[str, Any]]:
    """One row about some pairs, of one target or of all; none where there is no pair."""
    chosen = select(pairs, target=target)
    if comparison == "primary" and target is None:
        chosen = in_shared_cells(chosen)
    if len(chosen):
        of = means(chosen, rule, "own", "other")
        if comparison == "primary":
            found = average(chosen, rule, "minus", differs="varies", limit=2)
        else:
            found = gap(chosen, rule)
        yield {
            "target": target or "all",
            "subset": subset,
            "comparison": comparison,
            SELF if comparison == "gap" else FRESH_SELF: of["own"],
            CROSS: of["other"],
            **found._asdict(),
        }


def _subsets(rows: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, pd.Series]:
    """Which pairs belong to each subset."""
    guesses = paired(select(rows, kind=CROSS_FITTED), pairs)
    guess = guesses["own"].reindex(pairs.index)  # missing where the classifier made none
    matched = entropy_kept(select(rows, kind=SELF), "before", "truth")[1]
    did_else = moved(pairs)
    probability = np.exp(pairs["target_logprob"])
    return {
        "all": pd.Series(True, index=pairs.index),
        "disagreement": pairs["agree"].eq(False),
        "agreement": pairs["agree"].eq(True),
        "text_baseline_wrong": guess.eq(0.0),
        "text_baseline_right": guess.eq(1.0),
        "entropy_matched": is_among(pairs, matched),
        "changed": did_else,
        "unchanged": pairs["before"].notna() & ~did_else,
        "undecided": probability < 0.5,
        "leaning": (probability >= 0.5) & (probability <= 0.9),
        "decided": probability > 0.9,
    }
