"""Answers dealt anew to whole inputs: whether an arm knows anything of them."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from stages.analysis import shuffles
from stages.analysis.rule import Rule

RULE = Rule(seed=0, confidence=0.95, permutations=199, min_cell_rows=1)
VALUES = list("abcd")


def table(seed: int, inputs: int = 30, known: float = 0.0, there: float = 1.0) -> pd.DataFrame:
    """Answers about three properties in two tasks; of the rows a share is there."""
    random = np.random.default_rng(seed)
    places = [(t, f"{t}{i}", p) for t in "xy" for i in range(inputs) for p in "pqr"]
    rows = pd.DataFrame(places, columns=["task", "input_id", "property"])
    truth, answer = random.choice(VALUES, (2, len(rows)))
    answer = np.where(random.random(len(rows)) < known, truth, answer)
    rows = rows.assign(target="m", predictor="m", kind="self", seed=0, truth=truth, answer=answer)
    rows["compliant"] = random.random(len(rows)) < 0.9
    return rows[random.random(len(rows)) < there]


def test_p_is_the_share_of_all_ways_to_deal_whole_inputs_that_get_as_much():
    rows = table(3, 5).query("task == 'x'")
    said, truth, complies = (
        rows.pivot(index="input_id", columns="property", values=column).to_numpy()
        for column in ("answer", "truth", "compliant")
    )
    said = np.where(complies, said, None)
    right = [(said[list(givers)] == truth).sum() for givers in permutations(range(5))]
    exact = np.mean(np.array(right) >= right[0])
    rule = Rule(seed=0, confidence=0.95, permutations=20_000, min_cell_rows=1)
    assert 0.1 < exact < 0.9
    assert shuffles.shuffled_p(rows, rule) == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("there", [1.0, 0.5])
def test_who_knows_nothing_gets_any_p_as_often_and_who_knows_a_little_a_small_one(there):
    """Also where half of the rows lack a truth, other ones in each cell."""
    found = [shuffles.shuffled_p(table(n, there=there), RULE) for n in range(120)]
    assert np.mean(np.array(found) <= 0.05) < 0.09
    assert 0.4 < np.mean(found) < 0.6
    assert shuffles.shuffled_p(table(0, known=0.3, there=there), RULE) < 0.01


def test_many_inputs_are_dealt_cell_by_cell_with_the_same_result(monkeypatch):
    rows = table(1, known=0.05, there=0.9)
    few = shuffles.shuffled_p(rows, RULE)
    monkeypatch.setattr(shuffles, "TABLE", 0)
    monkeypatch.setattr(shuffles, "BLOCK", 100)
    assert shuffles.shuffled_p(rows, RULE) == few


def test_without_a_cell_of_enough_rows_there_is_no_p():
    rule = Rule(seed=0, confidence=0.95, permutations=999, min_cell_rows=31)
    assert shuffles.shuffled_p(table(0), rule) is None
