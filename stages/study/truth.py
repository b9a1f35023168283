"""What subjects did, as values of properties: the truth that predictions are set against."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import log2
from typing import Any

from stages.study.prompts import asked_properties
from stages.study.properties import PROPERTIES, property_value

Row = Mapping[str, Any]
Key = tuple[str, str]
"""(input_id, property)"""
Cell = tuple[str, str]
"""(task, property)"""


def sample_values(
    behavior: Iterable[Row],
    inputs: Mapping[str, Row],
    properties: Sequence[str],
    *,
    compliant_only: bool = True,
) -> Iterator[tuple[str, str, str | None]]:
    """(input_id, property, value) of every answer; None where it does not comply or has none.

    With `compliant_only=False` a refusal, too, gets the value that its text has; an answer that
    chooses none of its options has none.
    """
    for answer in behavior:
        item = inputs[answer["input_id"]]
        given = {"options": item["options"], "trait_option": item["trait_option"]}
        for name in asked_properties(item, properties):
            if compliant_only or item["options"]:
                value = property_value(name, answer["response"], item["family"], **given)
            else:
                value = PROPERTIES[name].value(answer["response"], **given)
            yield answer["input_id"], name, value


def most_common(values: Iterable[str]) -> str | None:
    """The most common value, on ties the one met first; None when there is none."""
    counts = Counter(values)
    return max(counts, key=counts.__getitem__) if counts else None


def property_values(
    behavior: Iterable[Row],
    inputs: Mapping[str, Row],
    properties: Sequence[str],
    *,
    compliant_only: bool = True,
) -> dict[Key, str | None]:
    """One value per input and property: over n samples the most common, on ties the lowest sample.

    Samples without a value have no vote; an input has None only where no sample has a value.
    """
    votes: dict[Key, list[str]] = {}
    ordered = sorted(behavior, key=lambda row: row["sample"])
    for key, name, value in sample_values(
        ordered, inputs, properties, compliant_only=compliant_only
    ):
        votes.setdefault((key, name), []).extend([value] if value is not None else [])
    return {key: most_common(values) for key, values in votes.items()}


def mode_answers(truth: Mapping[Key, str | None], inputs: Mapping[str, Row]) -> dict[Cell, str]:
    """The most common truth of each (task, property); on ties the one met first.

    Taken from the test rows themselves, as published: an in-sample oracle (docs/method.md).
    """
    values: dict[Cell, list[str]] = {}
    for (key, name), value in truth.items():
        if value is not None:
            values.setdefault((inputs[key]["task"], name), []).append(value)
    return {cell: str(most_common(found)) for cell, found in values.items()}


def entropy_bits(counts: Mapping[str, int]) -> float | None:
    """Entropy in bits of the observed shares; None where nothing was observed."""
    total = sum(counts.values())
    if not total:
        return None
    return max(0.0, -sum(n / total * log2(n / total) for n in counts.values() if n))
