"""Which arms a study lacks, and why: those of models that are taught by examples alone.

`absent` of metrics/targets.json: such a model is asked untrained, and what it predicts after
examples is the experiment of that name.
"""

from collections.abc import Iterator

from stages.analysis.evidence import Evidence
from stages.storage.tables import Row
from stages.study.arms import UNTRAINED, Arm, model_kinds
from stages.study.design import Design


def absent_arms(evidence: Evidence, design: Design) -> list[Row]:
    """A row for each arm that is not there in any training seed: target, predictor, kind, why."""
    return [
        {
            "target": arm.target,
            "predictor": arm.predictor,
            "kind": arm.kind,
            "reason": f"{arm.predictor} is taught by examples alone and not trained",
        }
        for arm in _arms(design)
        if arm.adapter and not any(evidence.was_trained(arm.adapter, s) for s in design.seeds)
    ]


def _arms(design: Design) -> Iterator[Arm]:
    """The arms of trained models, whether they are there or not."""
    for target in design.subjects:
        for predictor in design.predictors(target):
            for kind in model_kinds(predictor, target):
                if kind != UNTRAINED:
                    yield Arm(target, predictor, kind, design.seeds[0])
