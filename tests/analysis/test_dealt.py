"""Answers dealt to the other inputs of their cell: exact shares, nothing is drawn."""

import pandas as pd

from stages.analysis.dealt import with_dealt_out


def rows(answers: list[str | None], truths: list[str], **more) -> pd.DataFrame:
    table = pd.DataFrame({"answer": answers, "truth": truths})
    about = {"target": "t", "predictor": "p", "kind": "self", "seed": 0, "property": "x"}
    table = table.assign(**about, task="a", compliant=True)
    return table.assign(correct=table["answer"] == table["truth"]).assign(**more)


def test_an_answer_is_dealt_to_every_input_but_its_own():
    found = with_dealt_out(rows(["a", "b", "b"], ["a", "b", "a"]))
    assert list(found["dealt_out"]) == [0.0, 0.5, 0.5]
    assert list(found["corrected"]) == [1.0, 0.5, -0.5]


def test_answers_stay_in_their_cell():
    found = with_dealt_out(rows(["a", "b", "b", "a"], ["b", "a", "a", "b"], task=list("ccdd")))
    assert list(found["dealt_out"]) == [1.0, 1.0, 1.0, 1.0]
    assert with_dealt_out(rows(["a", "a"], ["a", "a"], task=list("cd")))["dealt_out"].isna().all()


def test_an_answer_that_does_not_comply_is_right_nowhere():
    found = with_dealt_out(rows(["a", None, "a"], ["a", "a", "a"], compliant=[True, False, False]))
    assert list(found["dealt_out"]) == [0.0, 0.5, 0.5]
