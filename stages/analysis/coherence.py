"""Whether an arm's answers about one input fit together, as those about one answer do."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from stages.analysis.columns import groups
from stages.storage.tables import Row
from stages.study.coherence import fitting, pairs

CELL = ("seed", "task")


class Coherence(NamedTuple):
    """The share of pairs of answers that fit together, and the same of answers dealt out.

    None where there is no pair that says anything.
    """

    share: float | None = None
    dealt_out: float | None = None


def coherence(rows: pd.DataFrame, inputs: Mapping[str, Row]) -> Coherence:
    """How often two answers of one arm about one input fit, of all where the one says the other.

    `rows` are predictions or score rows of one arm; those that do not comply have no answer. Dealt
    out, the answers to either property go to the other inputs of their task and seed on their own:
    the mean over all ways to do so, nothing is drawn. An input that is alone there is left out.
    """
    said = rows[rows["compliant"].to_numpy(dtype=bool)]
    counts = [
        _counted(own, other, inputs)
        for _, cell in groups(said, *CELL)
        for own, other in _columns(cell, inputs)
    ]
    number = sum(found for found, _, _ in counts)
    if not number:
        return Coherence()
    return Coherence(*(sum(found) / number for found in list(zip(*counts, strict=True))[1:]))


def _columns(cell: pd.DataFrame, inputs: Mapping[str, Row]) -> list[tuple[pd.Series, pd.Series]]:
    """Of each pair of properties the answers by input, on the inputs that have both."""
    texts = cell[["input_id", "property", "answer"]].astype(object)
    table = texts.drop_duplicates(["input_id", "property"]).pivot(
        index="input_id", columns="property", values="answer"
    )
    family = inputs[table.index[0]]["family"]
    found = []
    for one, other in pairs(sorted(table.columns), family):
        both = table[[one, other]].dropna()
        if len(both) > 1:
            found.append((both[one], both[other]))
    return found


def _counted(
    own: pd.Series, other: pd.Series, inputs: Mapping[str, Row]
) -> tuple[int, float, float]:
    """How many pairs there are, how many fit, and how many would if they were dealt out."""
    times = Counter(other)
    number, agree, dealt = 0, 0, 0.0
    for (key, one), two in zip(own.items(), other, strict=True):
        item = inputs[str(key)]
        about = (item["family"], tuple(item["options"]), item["trait_option"])
        fits = fitting(str(own.name), one, str(other.name), *about)
        if fits is not None:
            number += 1
            agree += two in fits
            dealt += (sum(times[value] for value in fits) - (two in fits)) / (len(other) - 1)
    return number, agree, dealt
