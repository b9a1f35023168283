"""Averages weigh as they say, and differences are taken on what both predicted."""

import pandas as pd
import pytest

from stages.analysis.averages import accuracy, average, difference, means, paired
from stages.analysis.intervals import Estimate
from stages.analysis.rounding import rounded, shown
from stages.analysis.rule import Rule
from stages.storage.errors import StudyError

RULE = Rule(seed=0, confidence=0.95, permutations=200, min_cell_rows=1)


def rows(
    found: dict[str, float | None],
    *,
    task: str = "t",
    name: str = "p",
    seed: int = 0,
    predictor: str = "m",
    **more,
) -> pd.DataFrame:
    """A row for each input, with its `correct`."""
    table = pd.DataFrame({"input_id": list(found), "correct": list(found.values())})
    names = {"target": "m", "predictor": predictor, "seed": seed, "task": task, "property": name}
    return table.assign(**names, **more)


def several(count: int, value: float) -> dict[str, float | None]:
    return {f"{n}": value for n in range(count)}


def test_macro_weighs_tasks_then_properties_and_pooled_weighs_rows():
    table = pd.concat(
        [
            rows(several(8, 1.0), task="a"),
            rows(several(2, 0.0), task="a", name="q"),
            rows(several(10, 0.0), task="b"),
        ],
        ignore_index=True,
    )
    assert accuracy(table, RULE).estimate == pytest.approx(0.25)
    assert accuracy(table, RULE, weigh="pooled").estimate == pytest.approx(0.4)
    both = pd.concat([table, rows(several(1, 1.0), task="a", seed=1)], ignore_index=True)
    assert accuracy(both, RULE).estimate == pytest.approx((0.25 + 1) / 2)


def test_rows_without_a_value_count_nowhere():
    table = rows({"a": True, "b": False, "c": None, "d": True})
    assert accuracy(table, RULE).rows == 3
    assert accuracy(table, RULE).estimate == pytest.approx(2 / 3)
    assert accuracy(table[:0], RULE) == Estimate()


def test_means_alone_are_those_that_have_an_interval():
    """Of several columns, with cells of few rows and rows without a value."""
    right = rows({"a": True, "b": False, "c": None}), rows(several(9, 1.0), task="b")
    table = pd.concat([*right, rows(several(30, 0.0), name="q"), rows({"z": 1.0}, task="c")])
    table = table.assign(other=[*range(len(table) - 1), None])
    for fewest in (1, 3, 99):
        rule = Rule(seed=0, confidence=0.95, permutations=200, min_cell_rows=fewest)
        found = means(table, rule, "correct", "other")
        for column, mean in found.items():
            assert mean == pytest.approx(accuracy(table, rule, column).estimate)
    assert means(table[:0], RULE, "correct") == {"correct": None}


def test_what_is_asked_twice_weighs_as_one_property():
    names = ("among_a_or_c", "among_b_or_d", "identity")
    table = pd.concat([rows(several(10, name == "identity"), name=name) for name in names])
    assert accuracy(table, RULE).estimate == pytest.approx(1 / 2)
    one = table[table["property"] != "among_a_or_c"].astype({"property": "category"})
    assert accuracy(one, RULE).estimate == pytest.approx(1 / 2)
    assert accuracy(table, RULE, weigh="pooled").estimate == pytest.approx(1 / 3)


def test_a_difference_is_of_what_both_predicted():
    own = rows({"a": 1.0, "b": 1.0, "x": 1.0})
    other = rows({"a": 1.0, "b": 0.0, "y": 0.0}, predictor="n")
    pairs = paired(own, other)
    assert pairs["input_id"].tolist() == ["a", "b"]
    assert pairs[["own", "other", "minus"]].to_numpy().tolist() == [[1, 1, 0], [1, 0, 1]]
    assert set(pairs["predictor"]) == {"n"}
    assert difference(own, other, RULE) == average(pairs, RULE, "minus")
    assert difference(own, other, RULE).estimate == pytest.approx(0.5)


def test_several_rows_about_the_same_are_refused_or_told_apart_by_a_column():
    own = pd.concat([rows({"b": 1.0}), rows({"b": 0.0}, predictor="n")], ignore_index=True)
    with pytest.raises(StudyError, match="about the same: target m, seed 0, task t, input_id b"):
        paired(own, own)
    assert paired(own, own, by=["predictor"])["minus"].tolist() == [0.0, 0.0]


def test_the_interval_of_a_difference_of_differences_may_reach_two():
    table = rows({f"{n}": 2.0 - (n % 6 == 0) for n in range(24)})
    assert average(table, RULE, "correct", limit=2).ci_high > 1.9
    assert average(table, RULE, "correct").ci_high == 1


def test_pairs_are_of_one_seed_and_property_and_of_one_condition_where_both_have_it():
    own, other = rows({"a": 1.0}, condition="x"), rows({"a": 0.0}, condition="y")
    assert paired(own, other).empty
    assert len(paired(own.drop(columns="condition"), other)) == 1
    for change in ({"seed": 1}, {"property": "q"}, {"target": "n"}, {"task": "u"}):
        assert paired(own.assign(**change), own).empty
    assert len(paired(own, own)) == 1


def test_pairs_are_found_whatever_the_categories_are():
    own = rows(several(5, 1.0)).astype({"input_id": "category", "property": "category"})
    other = rows({"4": 0.0, "2": 1.0, "9": 0.0}).astype({"input_id": "category"})
    assert paired(own, other)["minus"].tolist() == [1.0, 0.0]


def test_numbers_are_shown_with_four_decimals_and_without_what_has_no_value():
    value = {"a": 0.12345, "b": None, "c": {"d": None}, "e": [-0.00001, 1], "f": "x", "g": True}
    assert rounded(value) == {"a": 0.1235, "e": [0.0, 1], "f": "x", "g": True}
    assert str(rounded(-0.00001)) == "0.0"


def test_an_experiment_shows_an_estimate_without_what_is_there_to_compare():
    found = average(rows({f"{n}": n % 3 - 0.5 for n in range(20)}), RULE, "correct")
    names = {"estimate", "ci_low", "ci_high", "inputs", "rows", "method"}
    tests = {"p_value", "p_permutation", "detectable", "discordant"}
    assert set(shown(found)) == names | tests
    assert set(shown(accuracy(rows(several(20, 1.0)), RULE))) == names
    assert shown(Estimate()) == {"inputs": 0, "rows": 0}
