"""Every arm of the study scored: self, fresh self, cross, untrained, and the baselines.

Targets are M1; the truth is what M1 did on the test split of the held-out tasks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stages.analysis.baselines import TRAINED_BASELINES, own_behavior, trained_baseline
from stages.analysis.evidence import Evidence, of_seed
from stages.analysis.informative import behavior_cells, informative_cells
from stages.analysis.scoring import excluded_counts, score_rows
from stages.params import Params
from stages.storage.tables import Row
from stages.study.truth import Cell, Key, mode_answers, property_values


@dataclass(frozen=True)
class Scored:
    """Score rows by the paper's rule, and what they leave out."""

    rows: list[Row]
    kept: list[Row]
    """score rows when nothing is excluded for compliance, as one of the published variants"""
    excluded: dict[tuple[str, int], dict[Cell, int]]
    """(target, seed) -> cell -> inputs without a truth"""


def score_study(evidence: Evidence, params: Params) -> tuple[Scored, list[Row]]:
    """All score rows of a study, and the behavior of M by which cells are informative."""
    limits = params.evaluate.model_dump(include={"max_mode_share", "min_compliance"})
    behavior = [
        row
        for model in params.subjects
        for row in behavior_cells(
            model, evidence.base[model], evidence.inputs, params.properties, **limits
        )
    ]
    return score_arms(evidence, params, informative_cells(behavior)), behavior


def score_arms(evidence: Evidence, params: Params, informative: dict[str, set[Cell]]) -> Scored:
    """Score every prediction that the study compares on held-out rows.

    `informative` has the cells of each target that count in averages; all are scored.
    """
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
    scored = Scored([], [], {})
    for target in params.subjects:
        for seed in params.seeds:
            behavior = of_seed(evidence.trained[target], seed)
            truth, kept = values(behavior), values(behavior, compliant_only=False)
            scored.excluded[target, seed] = excluded_counts(truth, evidence.inputs)
            about = {"target": target, "seed": seed}
            logprobs = {
                r["input_id"]: r["first_token_logprob"] for r in behavior if r["sample"] == 0
            }
            for predictor, kind, rows in [
                *_predictions(evidence, params, target, seed, held_out),
                *_baselines(evidence, params, target, seed, truth, own),
            ]:
                given = {
                    "before": own[target],
                    "logprobs": logprobs,
                    "own": own.get(predictor, {}),
                    "informative": informative[target],
                }
                names = about | {"predictor": predictor, "kind": kind}
                modes = mode_answers(truth, evidence.inputs)
                scored.rows.extend(score_rows(rows, truth, names, modes=modes, **given))
                modes = mode_answers(kept, evidence.inputs)
                scored.kept.extend(
                    score_rows(rows, kept, names, modes=modes, **given, keep_noncompliant=True)
                )
    return scored


def _predictions(
    evidence: Evidence, params: Params, target: str, seed: int, held_out: set[str]
) -> Iterator[tuple[str, str, list[Row]]]:
    """(predictor, kind, predictions) of each arm of a target, by model id of the predictor."""
    for predictor in sorted(params.subjects, key=lambda name: name != target):
        asked = of_seed(evidence.predictions[predictor, target], seed)
        kinds = ("self", "fresh_self", "untrained") if predictor == target else ("cross",)
        for kind in kinds:
            rows = [row for row in asked if row["kind"] == kind and row["input_id"] in held_out]
            yield predictor, kind, rows


def _baselines(
    evidence: Evidence,
    params: Params,
    target: str,
    seed: int,
    truth: dict[Key, str | None],
    own: dict[str, dict[Key, str | None]],
) -> Iterator[tuple[str, str, list[Row]]]:
    """The same of the baselines; the predictor of a trained one is the dataset it was fitted on."""
    for name in (f"{target}-cross", f"{target}-self"):
        dataset = of_seed(evidence.datasets[name], seed)
        for kind in TRAINED_BASELINES:
            yield (
                name,
                kind,
                trained_baseline(kind, dataset, truth, evidence.inputs, seed=params.seed),
            )
    for model, did in own.items():
        yield model, "own_behavior", own_behavior(did, truth, evidence.inputs)
