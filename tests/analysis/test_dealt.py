"""Answers dealt to the other inputs of their cell: exact shares, nothing is drawn."""

import numpy as np
import pandas as pd
import pytest

from stages.analysis.dealt import with_dealt_out


def rows(answers: list[str | None], truths: list[str], **more) -> pd.DataFrame:
    table = pd.DataFrame({"answer": answers, "truth": truths})
    about = {"target": "t", "predictor": "p", "kind": "self", "seed": 0, "property": "x"}
    table = table.assign(**about, task="a", compliant=True)
    return table.assign(correct=table["answer"] == table["truth"]).assign(**more)


def test_an_answer_is_dealt_to_every_input_but_its_own():
    found = with_dealt_out(rows(["a", "b", "b"], ["a", "b", "a"]))
    assert list(found["dealt_out"]) == [0.0, 0.5, 0.5]
    assert found["corrected"].mean() == pytest.approx(2 / 3 - 1 / 3)


def test_what_an_input_does_is_what_its_loss_would_change():
    """The jackknife's pseudo-values, by leaving out one input after the other."""
    random = np.random.default_rng(0)
    table = rows(*(list(random.choice(list("abc"), 12)) for _ in range(2)))
    found = with_dealt_out(table)
    whole = found["corrected"].mean()
    lost = [with_dealt_out(table.drop(index=one))["corrected"].mean() for one in range(12)]
    assert list(found["corrected"]) == pytest.approx(list(12 * whole - 11 * np.array(lost)))


def test_who_always_says_the_same_varies_nowhere():
    found = with_dealt_out(rows(list("aaaba"), list("abaab")))
    assert list(found["varies"]) == [False, False, False, True, False]
    alone = with_dealt_out(rows(["a"] * 5, list("abaab")))
    assert not alone["varies"].any() and alone["corrected"].mean() == pytest.approx(0)


def test_answers_stay_in_their_cell():
    found = with_dealt_out(rows(["a", "b", "b", "a"], ["b", "a", "a", "b"], task=list("ccdd")))
    assert list(found["dealt_out"]) == [1.0, 1.0, 1.0, 1.0]
    assert with_dealt_out(rows(["a", "a"], ["a", "a"], task=list("cd")))["dealt_out"].isna().all()


def test_an_answer_that_does_not_comply_is_right_nowhere():
    found = with_dealt_out(rows(["a", None, "a"], ["a", "a", "a"], compliant=[True, False, False]))
    assert list(found["dealt_out"]) == [0.0, 0.5, 0.5]
