"""A cell is informative by M's own answers to inputs that are neither scored nor rehearsed."""

from itertools import count, islice

import pandas as pd
import pytest

from stages.analysis.informative import behavior_cells, informative_cells
from stages.analysis.rule import Limits
from stages.study.splits import part_of
from stages.study.truth import entropy_bits

WORDS = ("cat", "dog", "horse", "ibex", "owl")


def cell(words: list[str], *, part: str = "pilot") -> dict:
    keys = (f"{n}" for n in count() if part_of("test", f"{n}") == part)
    items = {
        key: {
            "task": "animals_long",
            "family": "sequence",
            "role": "test",
            "split": "test" if part == "test" else "train",
            "options": [],
            "trait_option": None,
            "questions": None,
        }
        for key in islice(keys, len(words))
    }
    behavior = pd.DataFrame({"input_id": items.keys(), "response": words})
    table = behavior_cells("m", behavior, items, ["first_word"], Limits(0.9, 0.5))
    return table[0] if table else {}


def animals(first: str) -> str:
    return f"{first} lion tiger bear wolf"


def test_varied_answers_are_informative_with_their_share_and_entropy():
    row = cell([animals(word) for word in ("cat", "cat", "dog", "owl")])
    assert row["informative"] and row["reason"] is None
    assert (row["most_common_share"], row["entropy_bits"]) == (0.5, 1.5)
    assert (row["rows"], row["values"], row["compliance"]) == (4, 3, 1.0)
    assert informative_cells([row]) == {"m": {("animals_long", "first_word")}}


def test_a_rut_is_uninformative_above_the_limit_and_not_at_it():
    assert cell([animals("cat")] * 9 + [animals("dog")])["informative"]
    row = cell([animals("cat")] * 19 + [animals("dog")])
    assert not row["informative"]
    assert row["reason"] == "one value covers 0.95, over 0.9"
    assert informative_cells([row]) == {"m": set()}


def test_answers_that_do_not_comply_make_a_cell_uninformative():
    row = cell([animals("cat"), "", "", ""])
    assert row["compliance"] == 0.25
    assert row["reason"] == "compliance 0.25 is under 0.5"


def test_no_answer_with_a_value_is_uninformative_without_a_crash():
    row = cell(["", ""])
    assert not row["informative"]
    assert row["most_common"] is row["most_common_share"] is row["entropy_bits"] is None


@pytest.mark.parametrize("part", ["rehearsal", "test"])
def test_answers_that_are_rehearsed_or_scored_are_not_looked_at(part):
    assert cell([animals("cat")], part=part) == {}


@pytest.mark.parametrize(("counts", "bits"), [({"a": 4}, 0.0), ({"a": 1, "b": 1}, 1.0), ({}, None)])
def test_entropy_is_in_bits(counts, bits):
    assert entropy_bits(counts) == bits
