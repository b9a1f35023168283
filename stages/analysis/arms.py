"""Every arm scored: self, fresh self, cross, untrained, the baselines, and answers of files.

Targets are M1; the truth is what M1 did on the test split of the held-out tasks. `trained` is
whether M1 was trained: where the target is taught by examples alone M1 is M.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
from threadpoolctl import threadpool_limits

from stages.analysis.baselines import (
    TRAINED_BASELINES,
    cross_fitted,
    embedding_classifier,
    own_behavior,
    trained_baseline,
)
from stages.analysis.behaviors import Kept, kept
from stages.analysis.columns import select
from stages.analysis.evidence import Evidence, of_seed
from stages.analysis.scoring import Known, excluded_counts, score_rows, values_table
from stages.study.arms import fresh_dataset, self_name
from stages.study.design import Design
from stages.study.splits import is_scored
from stages.study.truth import Cell

PREDICTION = ["predictor", "kind", "input_id", "task", "property", "answer", "compliant"]
TEXTS = ("target", *PREDICTION[:6], "truth", "mode_answer", "predictor_own_behavior", "before")


@dataclass(frozen=True)
class Scored:
    """Score rows by the paper's rule, and what they leave out."""

    rows: pd.DataFrame
    kept: pd.DataFrame
    """score rows when nothing is excluded for compliance, as one of the published variants"""
    excluded: pd.DataFrame
    """target, seed, task, property, excluded: how many inputs have no truth"""


def score_arms(evidence: Evidence, design: Design, used: Mapping[str, set[Cell]]) -> Scored:
    """Score every prediction about the targets of the evidence on held-out rows.

    `used` has the cells of each target that count in averages; all are scored.
    """
    inputs, names = evidence.inputs, design.properties
    base = {model: _held_out(rows, evidence) for model, rows in evidence.base.items()}
    own = {model: values_table(rows, inputs, names) for model, rows in base.items()}
    found: dict[str, list[pd.DataFrame]] = {"rows": [], "kept": [], "excluded": []}
    for target in evidence.trained:
        for seed in design.seeds:
            behavior = _held_out(of_seed(evidence.trained[target], seed), evidence)
            truth = values_table(behavior, inputs, names)
            lenient = values_table(behavior, inputs, names, compliant_only=False)
            with threadpool_limits(1):  # sums of several threads round otherwise: a classifier, too
                guessed = list(_baselines(evidence, design, target, seed, truth, own))
            arms = [
                *_asked(evidence, design, target, seed),
                *(select(rows, target=target)[PREDICTION] for rows in evidence.given.values()),
                *guessed,
            ]
            predictions = pd.concat(arms, ignore_index=True).assign(
                target=target, seed=seed, trained=evidence.was_trained(self_name(target), seed)
            )
            first = behavior[behavior["sample"] == 0].set_index("input_id")
            known = Known(own, own[target], first["first_token_logprob"], used[target])
            found["rows"].append(score_rows(predictions, truth, known))
            found["kept"].append(score_rows(predictions, lenient, known, keep_noncompliant=True))
            found["excluded"].append(excluded_counts(truth).assign(target=target, seed=seed))
    rows, kept, excluded = (pd.concat(parts, ignore_index=True) for parts in found.values())
    return Scored(_as_categories(rows), _as_categories(kept), excluded)


def kept_answers(evidence: Evidence, design: Design) -> dict[str, Kept]:
    """Of each target the share of scored inputs whose answer M1 gives exactly as M did.

    None of them is trained on, nor rehearsed. An answer is cut once all that is asked of it is
    decided, so it is the same as far as it is read.
    """
    found = {}
    for target in design.subjects:
        before, after = (
            _held_out(rows, evidence) for rows in (evidence.base[target], evidence.trained[target])
        )
        by_task = {task: kept(select(before, task=task), after) for task in design.test}
        there = {task: share for task, share in by_task.items() if share is not None}
        found[target] = Kept(kept(before, after), there)
    return found


def _held_out(rows: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """The rows about the test split of the held-out tasks."""
    held_out = [key for key, item in evidence.inputs.items() if is_scored(item)]
    return rows[rows["input_id"].isin(held_out)]


def _asked(evidence: Evidence, design: Design, target: str, seed: int) -> Iterator[pd.DataFrame]:
    """The predictions of each arm of a target; the predictor is the model."""
    for predictor in design.predictors(target):
        rows = _held_out(of_seed(evidence.predictions[predictor, target], seed), evidence)
        rows = rows[~rows["shown"]].astype({"kind": object, "answer": object})
        for kind in ("self", "fresh_self", "untrained") if predictor == target else ("cross",):
            yield rows[rows["kind"] == kind].assign(predictor=predictor)[PREDICTION]


def _baselines(
    evidence: Evidence,
    design: Design,
    target: str,
    seed: int,
    truth: pd.DataFrame,
    own: dict[str, pd.DataFrame],
) -> Iterator[pd.DataFrame]:
    """The same of the baselines; the predictor of a trained one is what it was fitted on."""
    asked = truth[["input_id", "task", "property"]]
    for name in (fresh_dataset(target), self_name(target)):
        dataset = of_seed(evidence.datasets[name], seed)
        for kind in TRAINED_BASELINES:
            found = trained_baseline(kind, dataset, asked, evidence.inputs, seed=design.seed)
            yield found.assign(predictor=name)[PREDICTION]
    found = cross_fitted(truth, evidence.inputs, seed=design.seed)
    yield found.assign(predictor=self_name(target))[PREDICTION]
    taught = of_seed(evidence.datasets[fresh_dataset(target)], seed)
    for model, embeddings in evidence.embeddings.items():
        if embeddings:
            found = embedding_classifier(taught, asked, embeddings, seed=design.seed)
            yield found.assign(predictor=model)[PREDICTION]
    for model, did in own.items():
        yield own_behavior(did, asked).assign(predictor=model)[PREDICTION]


def _as_categories(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype(dict.fromkeys(TEXTS, "category"))
