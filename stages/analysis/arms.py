"""Every arm of the study scored: self, fresh self, cross, untrained, and the text classifier.

Targets are M1; the truth is what M1 did on the test split of the held-out tasks.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from stages.analysis.averages import Cell
from stages.analysis.baselines import TEXT_CLASSIFIER, mode_answers, text_classifier
from stages.analysis.evidence import Evidence
from stages.analysis.scoring import Key, excluded_counts, property_values, score_rows
from stages.params import Params
from stages.storage.tables import Row


@dataclass(frozen=True)
class Scored:
    """Score rows by the paper's rule, and what they leave out."""

    rows: list[Row]
    kept: list[Row]
    """score rows when nothing is excluded for compliance, as one of the published variants"""
    excluded: dict[str, dict[Cell, int]]
    """target -> cell -> inputs without a truth"""
    moved: dict[str, dict[Key, bool]]
    """target -> (input_id, property) -> whether M1's value differs from M's, where both have one"""


def score_arms(evidence: Evidence, params: Params) -> Scored:
    """Score every prediction that the study compares on held-out rows."""
    held_out = {
        key
        for key, row in evidence.inputs.items()
        if (row["role"], row["split"]) == ("test", "test")
    }

    def values(behavior: Iterable[Row], *, compliant_only: bool = True) -> dict[Key, str | None]:
        rows = [row for row in behavior if row["input_id"] in held_out]
        return property_values(
            rows, evidence.inputs, params.properties, compliant_only=compliant_only
        )

    own = {model: values(behavior) for model, behavior in evidence.base.items()}
    scored = Scored([], [], {}, {})
    for target in params.subjects:
        truth = values(evidence.trained[target])
        kept_truth = values(evidence.trained[target], compliant_only=False)
        scored.excluded[target] = excluded_counts(truth, evidence.inputs)
        scored.moved[target] = {
            key: value != own[target][key]
            for key, value in truth.items()
            if value is not None and own[target].get(key) is not None
        }
        guesses = text_classifier(
            evidence.cross_datasets[target], truth, evidence.inputs, seed=params.seed
        )
        for predictor, kind, predictions in [
            *_predictions(evidence, target, params.subjects),
            (TEXT_CLASSIFIER, TEXT_CLASSIFIER, guesses),
        ]:
            asked = [row for row in predictions if row["input_id"] in held_out]
            names = {"target": target, "predictor": predictor, "kind": kind}
            own_values = own.get(predictor)
            scored.rows.extend(
                score_rows(
                    asked, truth, **names, own=own_values,
                    modes=mode_answers(truth, evidence.inputs),
                )
            )  # fmt: skip
            scored.kept.extend(
                score_rows(
                    asked, kept_truth, **names, own=own_values,
                    modes=mode_answers(kept_truth, evidence.inputs), keep_noncompliant=True,
                )
            )  # fmt: skip
    return scored


def _predictions(
    evidence: Evidence, target: str, subjects: list[str]
) -> list[tuple[str, str, list[Row]]]:
    """(predictor, kind, predictions) of each arm of a target, by model id of the predictor."""
    mine = evidence.predictions[target, target]
    arms = [(target, kind, mine) for kind in ("self", "fresh_self", "untrained")]
    arms += [(p, "cross", evidence.predictions[p, target]) for p in subjects if p != target]
    return arms
