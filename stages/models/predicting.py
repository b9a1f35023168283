"""Predicting: what a subject answers to the hypothetical questions on inputs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from stages.models.chat import Message
from stages.models.opening import Models
from stages.models.protocol import Subject
from stages.models.questions import Decoding, Question, Until, metered
from stages.models.section import CrossQuestionParams, PredictParams
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.arms import CROSS, EXAMPLES_CROSS, UNTRAINED, Arm, model_kinds
from stages.study.decided import first_line_ended
from stages.study.prompts import Person, asked_properties, question_on
from stages.study.properties import PROPERTIES
from stages.study.splits import rng

FIRST_LINE = Until({"first_line_words": 1}, first_line_ended)  # of an answer that is one word


@dataclass(frozen=True)
class QuestionForm:
    """How the questions are put: in which person, read how far, closed answers scored or not.

    `reword` changes the messages of every question; `n_samples` counts where the temperature of
    the decoding is not zero. With `together` the questions on one property are what shares a
    prefix, not those on one input: so it is where `reword` puts much before them. Where
    there is `shown`, the answer that it has for an input stands in each question on it.
    """

    person: Person = "second"
    stop_when_decided: bool = True
    score_closed: bool = False
    n_samples: int = 1
    reword: Callable[[list[Message]], list[Message]] = lambda messages: messages
    together: bool = False
    shown: Mapping[str, str] | None = None

    def shown_of(self, item: Row) -> str | None:
        """The answer that stands in the questions on an input; None where none is shown."""
        return None if self.shown is None else self.shown[item["input_id"]]


def hypothetical_questions(
    inputs: Sequence[Row], properties: Sequence[str], form: QuestionForm, seed: int = 0
) -> list[Question]:
    """Those of the properties that are asked about each input, `n_samples` times each."""
    return [
        Question(
            (row["input_id"], name, n),
            (name,) if form.together else (row["input_id"],),
            form.reword(question_on(row, name, form.person, form.shown_of(row))),
            rng(seed, row["input_id"], name, n).getrandbits(63),
            until=_first_line(name) if form.stop_when_decided else None,
            closed=PROPERTIES[name].closed_answers(row["options"]),
            score_only=form.score_closed,
        )
        for row in inputs
        for name in asked_properties(row, properties)
        for n in range(form.n_samples)
    ]


def predict(
    subject: Subject,
    inputs: Sequence[Row],
    properties: Sequence[str],
    decoding: Decoding,
    cache: ResponseCache,
    *,
    seed: int = 0,
    form: QuestionForm | None = None,
    label: str = "",
) -> Iterator[Row]:
    """Prediction rows, but for their kind and training seed, about `inputs`: rows of tasks tables.

    Where the answers are a closed set the probability of each is kept beside the answer.
    """
    form = form or QuestionForm()
    questions = hypothetical_questions(inputs, properties, form, seed)
    tasks = {row["input_id"]: row["task"] for row in inputs}
    answers = subject.ask(questions, decoding, cache, f"{subject.name} {label}".strip())
    for question in questions:
        key, name, n = question.key
        answer = answers[question.key]
        parsed, compliant = PROPERTIES[name].parse_answer(answer.text)
        yield {
            "subject": subject.name,
            "input_id": key,
            "task": tasks[key],
            "property": name,
            "sample": n,
            "question": question.messages,
            "raw_answer": answer.text,
            "finish_reason": answer.finish_reason,
            "answer": parsed,
            "compliant": compliant,
            "logprob": answer.logprob,
            "near_tie": answer.near_tie,
            "distribution": _ranked(answer.distribution),
            "distribution_from": answer.distribution_from,
            "shown": form.shown is not None,
            **metered(answer.meter),
        }


def _first_line(name: str) -> Until:
    """To the end of the first line, which alone is read, or of as many words as may comply."""
    words = PROPERTIES[name].answer_kind.words
    return Until({"first_line_words": words}, partial(first_line_ended, words=words))


def _ranked(distribution: dict[str, float] | None) -> list[Row] | None:
    """The answers of a closed set that have any probability, the most probable first."""
    if distribution is None:
        return None
    ranked = sorted(distribution.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"answer": answer, "probability": p} for answer, p in ranked if p > 0]


def question_form(
    kind: str, rule: PredictParams, cross_questions: CrossQuestionParams
) -> QuestionForm:
    """How the main study asks an arm of a kind.

    The person of cross_questions is for other models: whoever predicts itself is asked about you.
    """
    person = cross_questions.test if kind in (CROSS, EXAMPLES_CROSS) else "second"
    return QuestionForm(person, rule.stop_when_decided, rule.closed_answers == "score")


def predictors(
    predictor: str, target: str, seeds: Sequence[int], models: Models
) -> Iterator[tuple[Arm, Subject]]:
    """The arms in which a model predicts `target`, each with its subject.

    A subject is loaded when its turn comes, while the caller may still hold the one before. Where
    predictor and target are one model: untrained M, M1 (self) and the fresh-label self. Of a model
    that is taught by examples alone there are no trained ones.
    """
    for kind in model_kinds(predictor, target):
        for seed in [None] if kind == UNTRAINED else seeds:
            arm = Arm(target, predictor, kind, seed)
            if arm.adapter is None or seed is None:
                yield arm, models.base(predictor)
            elif models.was_trained(arm.adapter, seed):
                yield arm, models.trained(predictor, arm.adapter, seed)
