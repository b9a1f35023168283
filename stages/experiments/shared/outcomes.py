"""What the experiments share: held-out inputs, who predicts, and predictions set against truths."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from stages.models.chat import Message
from stages.models.local.subject.loading import Subject
from stages.models.predicting import Asking, predictors
from stages.models.questions import Decoding
from stages.models.sampling import sample
from stages.params import Params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_table
from stages.study.truth import Key, mode_answers, property_values


def held_out_inputs(params: Params, count: int | None = None) -> list[Row]:
    """Rows of the tasks tables: test-split inputs of the held-out tasks.

    The first `count` of each by input_id, which is a hash, so they are chosen by chance and a
    larger count adds to a smaller one; all where it is None.
    """
    return [row for task in params.tasks.test for row in split_inputs(task, "test")[:count]]


def split_inputs(task: str, split: str) -> list[Row]:
    """The inputs of one split of a task by input_id."""
    rows = read_table("tasks", f"data/tasks/{task}.parquet")
    return sorted((r for r in rows if r["split"] == split), key=lambda r: r["input_id"])


def behavior(name: str, seed: int | None = None) -> list[Row]:
    """The behavior that the main study sampled: of a model, or of `<model>-self` and its seed."""
    rows = read_table("behavior", f"data/behavior/{name}.parquet")
    return [row for row in rows if row["seed"] == seed]


def predicted(predictor: str, target: str, kind: str, seed: int) -> list[Row]:
    """What a trained predictor answered in the main study."""
    rows = read_table("predictions", f"data/predictions/{predictor}-on-{target}.parquet")
    return [row for row in rows if (row["kind"], row["seed"]) == (kind, seed)]


def sampled(
    subject: Subject, inputs: Sequence[Row], params: Params, cache: ResponseCache, label: str = ""
) -> list[Row]:
    """What a subject does on inputs, sampled as in the main study."""
    rule = params.sampling
    found = sample(
        subject,
        inputs,
        Decoding(rule.max_tokens, rule.temperature),
        cache,
        seed=params.seed,
        n_samples=rule.n_samples,
        cut_for=params.properties if rule.stop_when_decided else None,
        label=label,
    )
    return list(found)


def prefixed(messages: list[Message], prefix: str) -> list[Message]:
    """The messages with a prefix on a line before the first words of the user."""
    at = next(n for n, message in enumerate(messages) if message["role"] == "user")
    first = messages[at] | {"content": f"{prefix}\n{messages[at]['content']}"}
    return [*messages[:at], first, *messages[at + 1 :]]


def values(did: Iterable[Row], inputs: Iterable[Row], properties: Sequence[str]) -> dict[Key, str]:
    """(input_id, property) -> value of what was done; without those that have none."""
    by_id = {row["input_id"]: row for row in inputs}
    own = [row for row in did if row["input_id"] in by_id]
    found = property_values(own, by_id, properties)
    return {key: value for key, value in found.items() if value is not None}


def informative(target: str) -> set[tuple[str, str]]:
    """The cells (task, property) of a target that count in averages, as evaluate found them."""
    return {
        (row["task"], row["property"])
        for row in read_table("scores", Path("data/scores.parquet"))
        if row["target"] == target and row["informative"]
    }


def arms(target: str, params: Params) -> Iterator[tuple[str, str, int | None, Subject, Asking]]:
    """(predictor, kind, seed, subject, how it is asked): the target's own arms, then the others'.

    Each is loaded when its turn comes; the untrained one has no seed.
    """
    for predictor in sorted(params.subjects, key=lambda name: name != target):
        for kind, seed, subject in predictors(predictor, target, params.seeds):
            yield predictor, kind, seed, subject, asking(kind, params)


def asking(kind: str, params: Params) -> Asking:
    """How the main study asks; the fresh-label self as the cross-predictors, whose rows it has."""
    person = params.cross_questions.test if kind in ("fresh_self", "cross") else "second"
    rule = params.predict
    return Asking(person, rule.stop_when_decided, rule.closed_answers == "score")


def outcomes(
    predictions: Iterable[Row],
    truth: Mapping[Key, str],
    inputs: Sequence[Row],
    about: Mapping[str, str | int],
    *,
    other: Mapping[Key, str] | None = None,
) -> list[Row]:
    """An outcome for each prediction whose truth has a value; compliance by the paper's rule.

    `about` has target, predictor, kind, seed and condition; `other` is a second behavior to
    compare the same prediction with.
    """
    modes = mode_answers(truth, {row["input_id"]: row for row in inputs})
    rows = []
    for prediction in predictions:
        key = prediction["input_id"], prediction["property"]
        if (value := truth.get(key)) is None:
            continue
        rows.append(
            {
                **about,
                "input_id": key[0],
                "task": prediction["task"],
                "property": key[1],
                "question": prediction["question"],
                "raw_answer": prediction["raw_answer"],
                "answer": prediction["answer"],
                "compliant": prediction["compliant"],
                "truth": value,
                "correct": prediction["compliant"] and prediction["answer"] == value,
                "mode_correct": modes[prediction["task"], key[1]] == value,
                "other_truth": None if other is None else other.get(key),
            }
        )
    return rows
