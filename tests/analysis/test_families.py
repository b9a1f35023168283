"""p-values of comparisons that are made together."""

import pytest

from stages.analysis.families import HALF, as_one_family, by_family, holm


def test_each_family_of_a_table_is_corrected_by_itself():
    rows = [{"target": "a", "p_value": 0.01}, {"target": "a", "p_value": 0.04}]
    table = by_family([*rows, {"target": "b", "p_value": 0.04}, {"target": "b"}], "target")
    assert [row.get("p_holm", 1) for row in table] == pytest.approx([0.02, 0.04, 0.04, 1], abs=1e-3)
    assert "p_holm" not in rows[0]


def test_all_that_an_experiment_compares_is_one_family_however_deep_it_lies():
    numbers = {"x": {"p_value": 0.02}, "y": [{"z": {"p_value": 0.001}}], "n": 3}
    found = as_one_family(numbers)
    corrected = (found["x"].pop("p_holm"), found["y"][0]["z"].pop("p_holm"))
    assert corrected == pytest.approx((0.02, 0.002), abs=2e-4)
    assert found == numbers


def test_a_p_value_that_was_rounded_to_zero_is_not_zero_among_many():
    rows = [{"target": "a", "p_value": 0.0}] * 100
    assert by_family(rows, "target")[0]["p_holm"] == pytest.approx(100 * HALF)


def test_holm_multiplies_the_smallest_p_by_how_many_there_are():
    assert holm({"a": 0.01, "b": 0.04, "c": None}) == pytest.approx({"a": 0.02, "b": 0.04})
    assert holm({"a": None}) == {}
