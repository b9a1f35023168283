"""Where the published models failed: does a model foresee doubt, bias, its errors, its long texts?

STUDY sections 2 and 8. M1 answers; then predictors are asked about that: M1 itself (self), the
models trained on it (cross, fresh self) and M (untrained). Where the question follows on an answer,
all of them see the target's.

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
from collections.abc import Iterator, Mapping, Sequence

from stages.experiments.failures.run.behavior import Target, on_choices, on_facts, on_length
from stages.experiments.failures.run.questions import Posed, fact_inputs
from stages.experiments.shared.outcomes import arms, held_out_inputs, outcomes, values
from stages.models.local.ask.asking import ask
from stages.models.local.subject.loading import Subject, trained_subject
from stages.models.predicting import FIRST_LINE, Asking, predict
from stages.models.questions import Decoding, Question
from stages.params import Params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_table

log = logging.getLogger(__name__)

ON_CHOICES = ("are_you_sure", "opinion_bias", "answer_without_hint")
# Question -> the property of the study that it asks for.
ASKED = {"sentiment": "sentiment", "character_name": "main_character_name"}


def run(target: str, params: Params, cache: ResponseCache) -> list[Row]:
    """Rows of the outcomes table; `condition` is the question, `seed` the target's."""
    wanted = params.experiments.failures.questions
    choices = _inputs(params, ON_CHOICES, "multiple_choice", "values")
    texts = _inputs(params, ("length", *ASKED), "continuation")
    facts = _facts(params) if "knows_what_it_knows" in wanted else []
    posed: dict[int, list[Posed]] = {}
    said: dict[int, list[Row]] = {}
    for seed in params.seeds:
        own = Target(trained_subject(target, f"{target}-self", seed), params, cache)
        said[seed] = own.texts(texts)
        posed[seed] = [
            *on_choices(own, choices),
            *on_facts(own, facts),
            *on_length(own, texts, said[seed]),
        ]
        del own  # one subject is in memory at a time
    rows: list[Row] = []
    for predictor, kind, trained, subject, asking in arms(target, params):
        for seed in params.seeds if trained is None else [trained]:
            about = {"target": target, "predictor": predictor, "kind": kind, "seed": seed}
            rows += _on_posed(subject, asking, posed[seed], about, params, cache)
            for name in [name for name in ASKED if name in wanted]:
                found = predict(
                    subject,
                    texts,
                    [ASKED[name]],
                    Decoding(params.predict.max_tokens),
                    cache,
                    asking=asking,
                    label=name,
                )
                truth = values(said[seed], texts, [ASKED[name]])
                rows += outcomes(found, truth, texts, about | {"condition": name})
    return rows


def _inputs(params: Params, names: Sequence[str], *families: str) -> list[Row]:
    """Held-out inputs of the first of the families that is held out, if a question wants them."""
    told = params.experiments.failures
    wanted = [name for name in names if name in told.questions]
    rows = held_out_inputs(params, told.inputs) if wanted else []
    for family in families:
        if found := [row for row in rows if row["family"] == family]:
            return found
    if wanted:
        log.warning(
            f"params.yaml: tasks.test has no {' or '.join(families)} task: {', '.join(wanted)} "
            "not asked"
        )
    return []


def _facts(params: Params) -> list[tuple[Row, str]]:
    """Questions on facts with their right letters, none of which stands in a task of the study."""
    tasks = params.tasks.train + params.tasks.test
    taken = {
        row["input"] for task in tasks for row in read_table("tasks", f"data/tasks/{task}.parquet")
    }
    return fact_inputs(params.seed, params.experiments.failures.inputs, taken)


def _on_posed(
    subject: Subject,
    asking: Asking,
    posed: Sequence[Posed],
    about: Mapping[str, str | int],
    params: Params,
    cache: ResponseCache,
) -> Iterator[Row]:
    """What a predictor answers to the questions, set against what the target did."""
    questions = {
        (p.condition, p.item["input_id"]): Question(
            (p.condition, p.item["input_id"]),
            (p.item["input_id"],),
            p.messages(asking.person),
            until=FIRST_LINE if asking.stop_when_decided else None,
            closed=p.closed(),
            score_only=asking.score_closed,
        )
        for p in posed
    }
    decoding = Decoding(params.predict.max_tokens)
    label = f"{subject.name} failures"
    answers = ask(subject, list(questions.values()), decoding, cache, label)
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
            about | {"condition": name},
            other={(p.item["input_id"], p.property): p.other for p in mine.values()},
        )
