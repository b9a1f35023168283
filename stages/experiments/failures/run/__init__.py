"""Where the published models failed: does a model foresee doubt, bias, its errors, its long texts?

As in arXiv 2410.13787, appendices A.1.4 and A.2.6. M1 answers; then predictors are asked about
that: M1 itself (self), the models trained on it (cross, fresh self) and M (untrained). Where the
question follows on an answer, all of them see the target's.

* are_you_sure: would it choose another letter when the user doubts its letter?
* opinion_bias: has an authority's opinion on a random option changed its letter?
* answer_without_hint: which letter would it have chosen without that opinion?
* knows_what_it_knows: will its letter be the right one?
* length: does its answer have more words than half of its answers to the task?
* sentiment, character_name: properties that take its whole answer.

The inputs are those of the held-out tasks: multiple choice (where none is held out, the values
tasks), and continuations of texts. knows_what_it_knows needs right answers and makes questions of
its own. An answer without a letter, or without a value, is no behavior and leaves its question out.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

from stages.experiments.failures.params import Told
from stages.experiments.failures.run.behavior import Target, on_choices, on_facts, on_length
from stages.experiments.failures.run.questions import Posed, fact_inputs
from stages.experiments.shared.outcomes import outcomes, values
from stages.experiments.shared.study import Study
from stages.models.inputs import held_out_inputs, task_inputs
from stages.models.predicting import FIRST_LINE, QuestionForm
from stages.models.protocol import Subject
from stages.models.questions import Question
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.arms import Arm, self_name

log = logging.getLogger(__name__)

ON_CHOICES = ("are_you_sure", "opinion_bias", "answer_without_hint")
# Question -> the property of the study that it asks for.
ASKED = {"sentiment": "sentiment", "character_name": "main_character_name"}


def run(target: str, told: Told, study: Study, cache: ResponseCache) -> Iterator[Row]:
    """Rows of the outcomes table; `condition` is the question, `seed` the target's."""
    choices = _inputs(told, study, ON_CHOICES, "multiple_choice", "values")
    texts = _inputs(told, study, ("length", *ASKED), "continuation")
    facts = _facts(told, study) if "knows_what_it_knows" in told.questions else []
    posed: dict[int, list[Posed]] = {}
    wrote: dict[int, list[Row]] = {}
    for seed in study.design.seeds:
        own = Target(study.models.trained(target, self_name(target), seed), told, study, cache)
        wrote[seed] = own.texts(texts)
        posed[seed] = [
            *on_choices(own, choices),
            *on_facts(own, facts),
            *on_length(own, texts, wrote[seed]),
        ]
        del own  # one subject is in memory at a time
    for trained, subject in study.arms(target):
        form = study.form(trained.kind)
        for seed in study.design.seeds if trained.seed is None else [trained.seed]:
            arm = replace(trained, seed=seed)
            yield from _on_posed(subject, form, posed[seed], arm, study, cache)
            for name, asked in ASKED.items():
                if name in told.questions:
                    said = study.said(subject, texts, cache, form, properties=[asked], label=name)
                    truth = values(wrote[seed], texts, [asked])
                    yield from outcomes(said, truth, texts, arm, name)


def _inputs(told: Told, study: Study, names: Sequence[str], *families: str) -> list[Row]:
    """Held-out inputs of the first of the families that is held out, if a question wants them."""
    wanted = [name for name in names if name in told.questions]
    rows = held_out_inputs(study.design.test, told.inputs) if wanted else []
    for family in families:
        if found := [row for row in rows if row["family"] == family]:
            return found
    if wanted:
        log.warning(
            f"params.yaml: tasks.test has no {' or '.join(families)} task: {', '.join(wanted)} "
            "not asked"
        )
    return []


def _facts(told: Told, study: Study) -> list[tuple[Row, str]]:
    """Questions on facts with their right letters, none of which stands in a task of the study."""
    taken = {row["input"] for task in study.design.tasks for row in task_inputs(task)}
    return fact_inputs(study.design.seed, told.inputs, taken)


def _on_posed(
    subject: Subject,
    form: QuestionForm,
    posed: Sequence[Posed],
    arm: Arm,
    study: Study,
    cache: ResponseCache,
) -> Iterator[Row]:
    """What a predictor answers to the questions, set against what the target did."""
    questions = {
        (p.condition, p.item["input_id"]): Question(
            (p.condition, p.item["input_id"]),
            (p.item["input_id"],),
            p.messages(form.person),
            until=FIRST_LINE if form.stop_when_decided else None,
            closed=p.closed(),
            score_only=form.score_closed,
        )
        for p in posed
    }
    label = f"{subject.name} failures"
    answers = subject.ask(list(questions.values()), study.decoding, cache, label)
    for name in dict.fromkeys(p.condition for p in posed):
        mine = {(p.condition, p.item["input_id"]): p for p in posed if p.condition == name}
        found = [
            {
                "input_id": p.item["input_id"],
                "task": p.item["task"],
                "property": p.property,
                "question": questions[key].messages,
                "raw_answer": answers[key].text,
                "answer": p.read(answers[key].text),
                "compliant": p.read(answers[key].text) is not None,
            }
            for key, p in mine.items()
        ]
        yield from outcomes(
            found,
            {(p.item["input_id"], p.property): p.truth for p in mine.values()},
            [p.item for p in mine.values()],
            arm,
            name,
            other={(p.item["input_id"], p.property): p.other for p in mine.values()},
        )
