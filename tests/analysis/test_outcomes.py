"""A reader looks at the same few rows of each arm, however many there are."""

import random

from stages.analysis.outcomes import ROWS_PER_CONDITION, sample_rows


def outcome(number: int, kind: str, **more) -> dict:
    return {
        "target": "m",
        "predictor": "n",
        "kind": kind,
        "condition": "c",
        "input_id": f"{number:02}",
        "property": "p",
        "question": [{"role": "user", "content": f"{number}?"}],
        "raw_answer": "x",
        "answer": "x",
        "truth": "y",
        "other_truth": None,
        "correct": False,
        **more,
    }


def test_the_first_by_input_of_each_arm_and_condition_are_shown_with_what_was_asked():
    rows = [outcome(n, kind) for n in range(9) for kind in ("self", "cross")]
    random.Random(0).shuffle(rows)
    found = sample_rows(iter(rows))
    assert len(found) == 2 * ROWS_PER_CONDITION
    assert [(row["kind"], row["question"]) for row in found] == [
        (kind, question) for kind in ("cross", "self") for question in ("0?", "1?")
    ]


def test_a_row_that_was_not_asked_for_has_an_empty_question():
    (row,) = sample_rows([outcome(0, "behavior", question=None)])
    assert row["question"] == ""


def test_of_a_long_conversation_its_beginning_and_its_end_are_shown():
    asked = [{"role": "user", "content": str(number)} for number in range(65)]
    (shown,) = sample_rows([outcome(0, "examples_self", question=asked)])
    assert shown["question"] == "0\n1\n... 62 more messages ...\n64"
