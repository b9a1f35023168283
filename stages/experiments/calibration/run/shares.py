"""Distributions of a property's values: the share of each value, the likeliest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from stages.models.chat import Message
from stages.storage.tables import Row
from stages.study.truth import Key

Shares = dict[str, float]
"""value -> probability, the likeliest first"""
Did = dict[Key, dict[str, Shares]]
"""(input_id, property) -> condition -> how often the target gave each value"""


@dataclass(frozen=True)
class Asked:
    """Inputs of one task and the properties of them that are asked for."""

    inputs: list[Row]
    properties: list[str]


@dataclass(frozen=True)
class Said:
    """What a predictor says of one input and property."""

    question: list[Message]
    shares: Shares


def shares(values: Sequence[str | None], of: int | None = None) -> Shares:
    """The share of each value among those that are there, or among `of`; ties as they were met."""
    there = [value for value in values if value is not None]
    total = of or len(there)
    counts = {value: there.count(value) for value in dict.fromkeys(there)}
    return likeliest_first({value: count / total for value, count in counts.items()})


def likeliest_first(found: Shares) -> Shares:
    """The same in their order."""
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def by_condition(values: Sequence[str | None]) -> dict[str, Shares]:
    """The shares of all samples and of each half, by condition."""
    half = len(values) // 2
    return {
        "all": shares(values),
        "first_half": shares(values[:half]),
        "second_half": shares(values[half:]),
    }
