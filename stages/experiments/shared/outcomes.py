"""Rows of the outcomes table: predictions set against what a target did."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from stages.models.chat import Message
from stages.models.inputs import by_id
from stages.storage.tables import Row
from stages.study.arms import Arm
from stages.study.truth import Key, mode_answers, property_values


def prefixed(messages: Sequence[Message], prefix: str) -> list[Message]:
    """The messages with a prefix on a line before the first words of the user."""
    at = next(n for n, message in enumerate(messages) if message["role"] == "user")
    first = messages[at] | {"content": f"{prefix}\n{messages[at]['content']}"}
    return [*messages[:at], first, *messages[at + 1 :]]


def values(did: Iterable[Row], inputs: Sequence[Row], properties: Sequence[str]) -> dict[Key, str]:
    """(input_id, property) -> value of what was done; without those that have none."""
    items = by_id(inputs)
    own = (row for row in did if row["input_id"] in items)
    found = property_values(own, items, properties)
    return {key: value for key, value in found.items() if value is not None}


def outcomes(
    predictions: Iterable[Row],
    truth: Mapping[Key, str],
    inputs: Sequence[Row],
    arm: Arm,
    condition: str,
    *,
    other: Mapping[Key, str | None] | None = None,
) -> Iterator[Row]:
    """An outcome for each prediction whose truth has a value; compliance by the paper's rule.

    `other` is a second behavior to compare the same prediction with.
    """
    modes = mode_answers(truth, by_id(inputs))
    about = asdict(arm) | {"condition": condition}
    for prediction in predictions:
        key = prediction["input_id"], prediction["property"]
        if (value := truth.get(key)) is None:
            continue
        yield about | {
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
