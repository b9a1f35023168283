"""Baselines: the most common answer, and a classifier that never sees what it is scored on."""

import pytest

from stages.analysis.baselines import mode_answers, text_classifier

ITEMS = {f"{n}": {"task": "t", "input": f"{word} number {n}"} for n, word in
         enumerate(["apple", "banana"] * 10)}  # fmt: skip


def labelled(key: str, label: str, *, name: str = "p", part: str = "train") -> dict:
    return {
        "input_id": key, "task": "t", "property": name, "label": label, "weight": 1.0,
        "slice": part,
    }  # fmt: skip


def fruit(key: str) -> str:
    return ITEMS[key]["input"].split()[0]


def test_the_mode_is_per_task_and_property_and_the_first_met_wins_ties():
    items = {"a": {"task": "t"}, "b": {"task": "t"}, "c": {"task": "u"}}
    truth = {("a", "p"): "y", ("b", "p"): "x", ("c", "p"): "x", ("a", "q"): None}
    assert mode_answers(truth, items) == {("t", "p"): "y", ("u", "p"): "x"}


def test_the_classifier_learns_what_the_text_tells():
    training = [labelled(f"{n}", fruit(f"{n}")) for n in range(12)]
    found = text_classifier(training, [(f"{n}", "p") for n in range(12, 20)], ITEMS, seed=0)
    assert {row["input_id"]: row["answer"] for row in found} == {
        f"{n}": fruit(f"{n}") for n in range(12, 20)
    }


def test_the_classifier_refuses_a_training_row_that_is_held_out():
    with pytest.raises(ValueError, match="input 0 of task t is in the training dataset"):
        text_classifier([labelled("0", "x")], [("0", "p")], ITEMS, seed=0)


def test_the_classifier_learns_from_the_train_slice_only():
    training = [labelled(f"{n}", "held", part="held_back") for n in range(9)]
    training.append(labelled("9", "seen"))
    found = text_classifier(training, [("10", "p")], ITEMS, seed=0)
    assert [row["answer"] for row in found] == ["seen"]


def test_a_property_that_was_not_trained_on_gets_no_guess():
    assert text_classifier([labelled("0", "x")], [("1", "q")], ITEMS, seed=0) == []
    assert text_classifier([], [("1", "q")], ITEMS, seed=0) == []
