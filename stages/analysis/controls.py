"""The numbers of a control study, over both of its targets, by which it is judged."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stages.analysis.arms import score_arms
from stages.analysis.averages import average, means
from stages.analysis.cells import judge, used_cells
from stages.analysis.columns import select
from stages.analysis.dealt import with_dealt_out
from stages.analysis.evidence import read_evidence
from stages.analysis.pilot import read_pilot
from stages.analysis.primary import corrected_pairs
from stages.analysis.rounding import rounded
from stages.analysis.rule import Limits, Rule
from stages.analysis.spreads import over_means
from stages.analysis.summary import gap, gap_pairs, informative_rows
from stages.storage.errors import StudyError
from stages.study.arms import CROSS, SELF
from stages.study.design import Design


def control_scores(study: Path, design: Design, limits: Limits) -> pd.DataFrame:
    """The score rows of the control study in a folder. Raises StudyError, which names it."""
    try:
        cells = judge(read_pilot(design, study / "data"), design, limits)
        return score_arms(read_evidence(design, study / "data"), design, used_cells(cells)).rows
    except StudyError as error:
        raise StudyError(f"control {study}: {error}") from None


def control_numbers(scores: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """Accuracies, what of them is dealt out, the mode's, and the gap raw and corrected.

    `own` is corrected accuracy about what the predictor's own base does: what each says of itself.
    """
    rows = informative_rows(scores)
    arms = {kind: with_dealt_out(select(rows, kind=kind)) for kind in (SELF, CROSS)}
    columns = ("correct", "dealt_out", "mode_correct")
    found = {kind: means(arm, rule, *columns) for kind, arm in arms.items()}
    corrected = average(corrected_pairs(rows, SELF), rule, "minus", differs="varies", limit=2)
    return rounded(
        {
            **{kind: of["correct"] for kind, of in found.items()},
            "dealt_out": {kind: of["dealt_out"] for kind, of in found.items()},
            "own": {kind: _of_itself(arm, rule) for kind, arm in arms.items()},
            "mode": found[SELF]["mode_correct"],
            "gap": gap(gap_pairs(rows), rule)._asdict(),
            "corrected_gap": corrected._asdict(),
        }
    )


def _of_itself(arm: pd.DataFrame, rule: Rule) -> float | None:
    arm = arm.dropna(subset="predictor_own_behavior")
    rows = with_dealt_out(arm.assign(truth=arm["predictor_own_behavior"]))
    return means(rows, rule, "corrected")["corrected"]


def over_runs(runs: Mapping[str, Mapping[str, Any]], rule: Rule) -> dict[str, Any]:
    """The corrected gap over training runs: its mean, deviation and an interval over them."""
    gaps = {name: numbers["corrected_gap"]["estimate"] for name, numbers in runs.items()}
    return rounded(
        over_means({name: gap for name, gap in gaps.items() if gap is not None}, rule, 2)
    )
