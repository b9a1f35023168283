"""How often a predictor says each value of a property."""

from collections.abc import Mapping
from dataclasses import replace

from stages.experiments.calibration.run.shares import Asked, Said, shares
from stages.experiments.shared.study import Study
from stages.models.predicting import QuestionForm, predict
from stages.models.protocol import Subject
from stages.models.questions import Decoding
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.properties import PROPERTIES
from stages.study.truth import Key


def said_shares(
    subject: Subject,
    asked: Mapping[str, Asked],
    samples: int,
    form: QuestionForm,
    study: Study,
    cache: ResponseCache,
) -> dict[Key, Said]:
    """What is said of each input and property: exact where the answers are a closed set."""
    found: dict[Key, Said] = {}
    for task, of_task in asked.items():
        exact = _scored(subject, of_task, form, study, cache, task)
        known = {name for _, name in exact}
        rest = [name for name in of_task.properties if name not in known]
        drawn = replace(form, n_samples=samples)
        found |= exact
        found |= _drawn(subject, Asked(of_task.inputs, rest), drawn, study, cache, task)
    return found


def _scored(
    subject: Subject,
    asked: Asked,
    form: QuestionForm,
    study: Study,
    cache: ResponseCache,
    task: str,
) -> dict[Key, Said]:
    """The probability of each answer of closed sets, but where first tokens do not tell them."""
    closed = [name for name in asked.properties if PROPERTIES[name].closed_answers()]
    if not closed:
        return {}
    scored = replace(form, score_closed=True)
    given = list(study.said(subject, asked.inputs, cache, scored, properties=closed, label=task))
    generated = {row["property"] for row in given if row["distribution"] is None}
    return {
        (row["input_id"], row["property"]): Said(
            row["question"], {pair["answer"]: pair["probability"] for pair in row["distribution"]}
        )
        for row in given
        if row["property"] not in generated
    }


def _drawn(
    subject: Subject,
    asked: Asked,
    form: QuestionForm,
    study: Study,
    cache: ResponseCache,
    task: str,
) -> dict[Key, Said]:
    """The shares of all samples at temperature 1; those that do not comply have no value."""
    if not asked.properties:
        return {}
    answers: dict[Key, list[Row]] = {}
    for row in predict(
        subject,
        asked.inputs,
        asked.properties,
        Decoding(study.predict.max_tokens, 1.0),
        cache,
        seed=study.design.seed,
        form=form,
        label=f"{task} at temperature 1",
    ):
        answers.setdefault((row["input_id"], row["property"]), []).append(row)
    return {
        key: Said(
            rows[0]["question"],
            shares([row["answer"] if row["compliant"] else None for row in rows], of=len(rows)),
        )
        for key, rows in answers.items()
    }
