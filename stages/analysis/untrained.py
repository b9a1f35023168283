"""Which arms a study lacks, and why.

`absent` of metrics/targets.json: a model that is taught by examples alone is asked untrained, and
what it predicts after examples is the experiment of that name; one on a server tells no hidden
states, so that no classifier can be fitted on them.
"""

from collections.abc import Iterator

from stages.analysis.baselines import EMBEDDING_CLASSIFIER
from stages.analysis.evidence import Evidence
from stages.storage.tables import Row
from stages.study.arms import UNTRAINED, Arm, model_kinds
from stages.study.design import Design


def absent_arms(evidence: Evidence, design: Design) -> list[Row]:
    """A row for each arm that is not there in any training seed: target, predictor, kind, why."""
    untrained = [
        _absent(arm, f"{arm.predictor} is taught by examples alone and not trained")
        for arm in _arms(design)
        if arm.adapter and not any(evidence.was_trained(arm.adapter, s) for s in design.seeds)
    ]
    return untrained + [
        _absent(Arm(target, model, EMBEDDING_CLASSIFIER, None), reason)
        for target in design.subjects
        for model in design.subjects
        if (reason := _unseen(evidence, model))
    ]


def _absent(arm: Arm, reason: str) -> Row:
    return {
        "target": arm.target,
        "predictor": arm.predictor,
        "kind": arm.kind,
        "reason": reason,
    }


def _unseen(evidence: Evidence, model: str) -> str | None:
    """Why nothing is known of what a model makes of inputs; None where it is."""
    if model not in evidence.embeddings:
        return f"data/embeddings/{model}.parquet was not made; `sample_behavior --embed` makes it"
    return None if evidence.embeddings[model] else f"{model} tells no hidden states"


def _arms(design: Design) -> Iterator[Arm]:
    """The arms of trained models, whether they are there or not."""
    for target in design.subjects:
        for predictor in design.predictors(target):
            for kind in model_kinds(predictor, target):
                if kind != UNTRAINED:
                    yield Arm(target, predictor, kind, design.seeds[0])
