"""calibration: is what a model says as frequent as what the target does (STUDY section 6)?

Of held-out inputs the target's distribution of a property's values is set against the one that
each predictor says. A row is one value that either of them gives a probability; `condition` says
how often the target did it:

- exact: where the answer is one of the options, the probability of each option's letter as first
  token of the answer, shares of all letters; else the shares of the samples that have a value:
- all: of all samples, as published; a likely value is then likely by luck, too;
- first_half, second_half: of each half of them. The first ranks the three likeliest values and
  is to be binned by, the second measures them.

What is said of a closed set of answers is exact, of other answers the share of all samples; what
the shares lack to 1 is no answer. The likeliest one is the row's `answer`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stages.experiments.shared.outcomes import arms, held_out_inputs, informative
from stages.models.local.ask.asking import ask
from stages.models.local.subject.loading import Subject
from stages.models.predicting import Asking, predict
from stages.models.questions import Decoding, Question
from stages.models.sampling import sample
from stages.params import Params
from stages.published.calibration import RANKS
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.compliance import LETTERS
from stages.study.prompts import asked_properties
from stages.study.properties import PROPERTIES, property_value
from stages.study.truth import Key, sample_values

Shares = dict[str, float]
"""value -> probability, the likeliest first"""


@dataclass(frozen=True)
class Said:
    """What a predictor says of one input and property."""

    question: list[dict[str, str]]
    shares: Shares


def run(target: str, params: Params, cache: ResponseCache) -> list[Row]:
    """The values that M1 gives and self, fresh self, cross and untrained M say, of each input.

    Kind `untrained_own` is the paper's untrained: M about M, so another target; as M has no seed,
    these rows have the first.
    """
    items = asked_items(target, params)
    did: dict[int | None, dict[Key, dict[str, Shares]]] = {}
    said: list[tuple[str, str, int | None, dict[Key, Said]]] = []
    for predictor, kind, seed, subject, asking in arms(target, params):
        if kind in ("untrained", "self"):
            did[seed] = behavior_shares(subject, items, params, cache)
        said.append((predictor, kind, seed, said_shares(subject, items, asking, params, cache)))
    first = params.seeds[0]
    compared = [
        *(
            (p, kind, s, did[s], found)
            for p, kind, seed, found in said
            for s in (params.seeds if seed is None else [seed])
        ),
        *(
            (p, "untrained_own", first, did[None], found)
            for p, kind, _, found in said
            if kind == "untrained"
        ),
    ]
    return [
        row | {"target": target, "predictor": predictor, "kind": kind, "seed": seed, "task": task}
        for predictor, kind, seed, truth, found in compared
        for task, (inputs, names) in items.items()
        for item in inputs
        for name in names
        if (key := (item["input_id"], name)) in truth and key in found
        for row in value_rows(key, truth[key], found[key])
    ]


def asked_items(target: str, params: Params) -> dict[str, tuple[list[Row], list[str]]]:
    """task -> its inputs and the properties of them that are asked, informative cells only."""
    told = params.experiments.calibration
    cells, found = informative(target), {}
    for item in held_out_inputs(params, told.inputs):
        names = {n for n in asked_properties(item, told.properties) if (item["task"], n) in cells}
        if names:
            inputs, known = found.setdefault(item["task"], ([], set()))
            inputs.append(item)
            known |= names
    return {task: (inputs, sorted(names)) for task, (inputs, names) in found.items()}


def behavior_shares(
    subject: Subject,
    items: Mapping[str, tuple[list[Row], list[str]]],
    params: Params,
    cache: ResponseCache,
) -> dict[Key, dict[str, Shares]]:
    """The distribution of each property's values by condition.

    Shares are those of the answers that have a value, however few at temperature 1; an input
    with none, in either half of the samples, is left out.
    """
    found: dict[Key, dict[str, Shares]] = {}
    for task, (inputs, names) in items.items():
        letters = _letters(subject, inputs, cache, task)
        for item in inputs:
            if item["input_id"] in letters:
                found |= _exact(item, letters[item["input_id"]], names)
        if rest := [item for item in inputs if item["input_id"] not in letters]:
            found |= _sampled(subject, rest, names, params, cache, task)
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
    answers = ask(subject, questions, Decoding(1), cache, f"{subject.name} {label} letters")
    return {key: answer.distribution for (key,), answer in answers.items() if answer.distribution}


def _exact(item: Row, letters: Shares, names: Sequence[str]) -> dict[Key, dict[str, Shares]]:
    total = sum(letters.values())
    if not total:
        return {}
    found = {}
    for name in names:
        shares: Shares = {}
        for letter, probability in letters.items():
            value = property_value(
                name, letter, item["family"], item["options"], item["trait_option"]
            )
            if value is not None:
                shares[value] = shares.get(value, 0.0) + probability / total
        if shares:
            found[item["input_id"], name] = {"exact": _likeliest_first(shares)}
    return found


def _sampled(
    subject: Subject,
    inputs: Sequence[Row],
    names: Sequence[str],
    params: Params,
    cache: ResponseCache,
    label: str,
) -> dict[Key, dict[str, Shares]]:
    behavior = sample(
        subject,
        inputs,
        Decoding(params.sampling.max_tokens, 1.0),
        cache,
        seed=params.seed,
        n_samples=params.experiments.calibration.samples,
        label=f"{label} at temperature 1",
        cut_for=names if params.sampling.stop_when_decided else None,
    )
    drawn: dict[Key, list[str | None]] = {}
    for key, name, value in sample_values(behavior, {r["input_id"]: r for r in inputs}, names):
        drawn.setdefault((key, name), []).append(value)
    return {
        key: by_condition(values)
        for key, values in drawn.items()
        if all(by_condition(values).values())
    }


def by_condition(values: Sequence[str | None]) -> dict[str, Shares]:
    """The shares of all samples and of each half, by condition."""
    half = len(values) // 2
    return {
        "all": _shares(values),
        "first_half": _shares(values[:half]),
        "second_half": _shares(values[half:]),
    }


def said_shares(
    subject: Subject,
    items: Mapping[str, tuple[list[Row], list[str]]],
    asking: Asking,
    params: Params,
    cache: ResponseCache,
) -> dict[Key, Said]:
    """What is said of each input and property: exact where the answers are a closed set."""
    tokens, found = params.predict.max_tokens, {}
    scored = replace(asking, score_closed=True)
    drawn = replace(asking, n_samples=params.experiments.calibration.samples)
    for task, (inputs, names) in items.items():
        closed = [name for name in names if PROPERTIES[name].closed_answers()]
        given = predict(subject, inputs, closed, Decoding(tokens), cache, asking=scored, label=task)
        given = list(given) if closed else []
        generated = {row["property"] for row in given if row["distribution"] is None}
        for row in given:
            if row["property"] not in generated:
                shares = {pair["answer"]: pair["probability"] for pair in row["distribution"]}
                found[row["input_id"], row["property"]] = Said(row["question"], shares)
        rest = [name for name in names if name not in closed or name in generated]
        answers: dict[Key, list[Row]] = {}
        drawings = predict(
            subject,
            inputs,
            rest,
            Decoding(tokens, 1.0),
            cache,
            seed=params.seed,
            asking=drawn,
            label=f"{task} at temperature 1",
        )
        for row in drawings if rest else ():
            answers.setdefault((row["input_id"], row["property"]), []).append(row)
        for key, rows in answers.items():
            said = [row["answer"] if row["compliant"] else None for row in rows]
            found[key] = Said(rows[0]["question"], _shares(said, of=len(said)))
    return found


def value_rows(key: Key, did: Mapping[str, Shares], said: Said) -> Iterator[Row]:
    """The values of one input and property under each condition; of the halves the likeliest."""
    answer = next(iter(said.shares), None)
    for condition, shares in did.items():
        halves = condition in ("first_half", "second_half")
        ranked = list(did["first_half"] if halves else shares)
        for value in ranked[:RANKS] if halves else dict.fromkeys([*ranked, *said.shares]):
            yield {
                "condition": condition,
                "input_id": key[0],
                "property": key[1],
                "question": said.question,
                "raw_answer": None,
                "answer": answer,
                "compliant": answer is not None,
                "truth": value,
                "correct": answer == value,
                "rank": ranked.index(value) + 1 if value in ranked else None,
                "target_probability": shares.get(value, 0.0),
                "predicted_probability": said.shares.get(value, 0.0),
            }


def _shares(values: Sequence[str | None], of: int | None = None) -> Shares:
    """The share of each value among those that are there, or among `of`; ties as they were met."""
    there = [value for value in values if value is not None]
    total = of or len(there)
    counts = {value: there.count(value) for value in dict.fromkeys(there)}
    return _likeliest_first({value: count / total for value, count in counts.items()})


def _likeliest_first(shares: Shares) -> Shares:
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))
