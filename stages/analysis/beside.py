"""What score rows do not tell of an arm: what it learned, what it can read, whether answers fit."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from stages.analysis.averages import mean
from stages.analysis.coherence import coherence
from stages.analysis.columns import groups, select
from stages.analysis.evidence import Evidence
from stages.analysis.rates import exact_above_p
from stages.study.arms import Arm, subject_name
from stages.study.design import Design

ArmKey = tuple[str, str, str]
"""(target, kind, predictor)"""
Beside = Mapping[ArmKey, Mapping[str, float | None]]
"""of each arm the numbers of targets.json that its score rows do not have"""
CeilingOf = Callable[[str, str, str, str], float | None]
"""target, predictor, kind, ceiling or mode -> its mean accuracy where the answer is shown, over the
used cells; or that of the most common answer there"""


def beside_scores(
    evidence: Evidence, scores: pd.DataFrame, design: Design, ceiling_of: CeilingOf | None = None
) -> dict[ArmKey, dict[str, float | None]]:
    """Those numbers of every arm that was asked; `scores` are all its rows, of whatever cells.

    `held_back` and `held_back_mode` are of labels that were kept from its training: how many it
    says, and how many the most common label of their property among those that it was taught;
    `held_back_p` is how easily chance makes the one so much larger.
    """
    kinds = {kind for rows in evidence.predictions.values() for kind in rows["kind"].unique()}
    found: dict[ArmKey, dict[str, float | None]] = {}
    asked = select(scores, kind=kinds)
    for (target, kind, predictor), own in groups(asked, "target", "kind", "predictor"):
        fits = coherence(own, evidence.inputs)
        found[target, kind, predictor] = {
            **_with_answer_shown(ceiling_of, target, predictor, kind),
            **_learned(evidence, Arm(target, predictor, kind, None), design),
            "coherence": fits.share,
            "coherence_dealt_out": fits.dealt_out,
        }
    return found


def _with_answer_shown(
    ceiling_of: CeilingOf | None, target: str, predictor: str, kind: str
) -> dict[str, float | None]:
    if ceiling_of is None:
        return {}
    names = {"ceiling": "ceiling", "ceiling_mode": "mode"}
    return {name: ceiling_of(target, predictor, kind, what) for name, what in names.items()}


def _learned(evidence: Evidence, arm: Arm, design: Design) -> dict[str, float | None]:
    """How its training went, by its log: means over training seeds."""
    logs: list[Mapping[str, Any]] = [
        evidence.training.get(subject_name(arm.adapter, seed), {}) if arm.adapter else {}
        for seed in design.seeds
    ]
    return {
        "held_back": mean(log.get("held_back_accuracy") for log in logs),
        "held_back_mode": mean(log.get("held_back_mode") for log in logs),
        "held_back_p": _held_back_p(logs),
    }


def _held_back_p(logs: Sequence[Mapping[str, Any]]) -> float | None:
    """The p of as many hits, if each label were hit as often as by the most common ones.

    Rates are all that a log has, so labels of one input count as independent; all training seeds
    together. None where a training has no such numbers.
    """
    names = ("held_back_rows", "held_back_accuracy", "held_back_mode")
    rows = right = 0
    common = 0.0
    for log in logs:
        if any(log.get(name) is None for name in names):
            return None
        count, hit, mode = (log[name] for name in names)
        rows, right, common = rows + count, right + round(count * hit), common + count * mode
    return exact_above_p(right, rows, common / rows) if rows else None
