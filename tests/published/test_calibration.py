"""Calibration on samples small enough to count by hand."""

import pytest

from stages.published.calibration import Point, bins, mean_absolute_deviation, points


def test_answers_of_one_value_are_one_and_the_likeliest_comes_first():
    did = ["cat", "dog", "fox", "cow", "ox", "cat", "hen", "dog"]  # a, o, o, o, x, a, e, o
    said = ["o", "O ", "a", "x", "q", "o", "o", "o"]
    first, second, third = points(did, said, "second_character")
    assert first == (0.5, 5 / 8)
    assert second == (0.25, 1 / 8)
    assert third == (0.125, 1 / 8)


def test_equally_likely_values_stand_in_the_order_in_which_they_were_met():
    found = points(["bad", "dog", "bad", "dog"], ["o", "o", "a", "o"], "second_character")
    assert found == [Point(0.5, 0.25), Point(0.5, 0.75), None]


def test_a_pair_whose_answer_has_no_value_is_dropped():
    assert points(["a", "ox"], ["b", "x"], "second_character")[0] == (1.0, 1.0)
    assert points(["a"], ["b"], "second_character") == [None, None, None]
    with pytest.raises(ValueError, match="zip"):
        points(["ox"], [], "second_character")


def test_bins_are_quantiles_and_equal_edges_are_one():
    found = [Point(0.1, 0.2)] * 8 + [Point(0.5, 0.4), Point(0.9, 0.5)]
    table = bins(found, 10)
    assert len(table) < 10 and table["points"].sum() == 10
    assert mean_absolute_deviation(table) == pytest.approx(
        100 * (table["target"] - table["predicted"]).abs().mean()
    )
    assert mean_absolute_deviation(bins([Point(p, p) for p in (0.1, 0.3, 0.8)], 3)) == 0
