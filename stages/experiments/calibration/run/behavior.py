"""How often the target gives each value of a property."""

from collections.abc import Mapping, Sequence

from stages.experiments.calibration.run.shares import (
    Asked,
    Did,
    Shares,
    by_condition,
    likeliest_first,
)
from stages.experiments.shared.study import Study
from stages.models.inputs import by_id
from stages.models.protocol import Subject
from stages.models.questions import Decoding, Question
from stages.models.sampling import sample
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.properties import property_value
from stages.study.text.letters import LETTERS
from stages.study.truth import Key, sample_values


def behavior_shares(
    subject: Subject,
    asked: Mapping[str, Asked],
    samples: int,
    study: Study,
    cache: ResponseCache,
) -> Did:
    """The distribution of each property's values by condition.

    Shares are those of the answers that have a value, however few at temperature 1; an input
    with none, in either half of the samples, is left out.
    """
    found: Did = {}
    for task, of_task in asked.items():
        letters = _letters(subject, of_task.inputs, cache, task)
        for item in of_task.inputs:
            if item["input_id"] in letters:
                found |= _exact(item, letters[item["input_id"]], of_task.properties)
        rest = [item for item in of_task.inputs if item["input_id"] not in letters]
        if rest:
            sampled = Asked(rest, of_task.properties)
            found |= _sampled(subject, sampled, samples, study, cache, task)
    return found


def _letters(
    subject: Subject, inputs: Sequence[Row], cache: ResponseCache, label: str
) -> dict[str, Shares]:
    """input_id -> the probability of each option's letter, where first tokens tell them apart."""
    questions = [
        Question(
            (row["input_id"],),
            (row["input_id"],),
            row["object_prompt"],
            closed={letter: (letter,) for letter in LETTERS[: len(row["options"])]},
            score_only=True,
        )
        for row in inputs
        if row["options"]
    ]
    if not questions:
        return {}
    answers = subject.ask(questions, Decoding(1), cache, f"{subject.name} {label} letters")
    return {key: answer.distribution for (key,), answer in answers.items() if answer.distribution}


def _exact(item: Row, letters: Shares, names: Sequence[str]) -> Did:
    total = sum(letters.values())
    if not total:
        return {}
    found: Did = {}
    for name in names:
        shares: Shares = {}
        for letter, probability in letters.items():
            value = property_value(
                name, letter, item["family"], item["options"], item["trait_option"]
            )
            if value is not None:
                shares[value] = shares.get(value, 0.0) + probability / total
        if shares:
            found[item["input_id"], name] = {"exact": likeliest_first(shares)}
    return found


def _sampled(
    subject: Subject, asked: Asked, samples: int, study: Study, cache: ResponseCache, label: str
) -> Did:
    behavior = sample(
        subject,
        asked.inputs,
        Decoding(study.sampling.max_tokens, 1.0),
        cache,
        seed=study.design.seed,
        n_samples=samples,
        label=f"{label} at temperature 1",
        cut_for=asked.properties if study.sampling.stop_when_decided else None,
    )
    drawn: dict[Key, list[str | None]] = {}
    for key, name, value in sample_values(behavior, by_id(asked.inputs), asked.properties):
        drawn.setdefault((key, name), []).append(value)
    return {
        key: by_condition(values)
        for key, values in drawn.items()
        if all(by_condition(values).values())
    }
