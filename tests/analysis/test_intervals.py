"""Intervals cover what they should when rows of one input move together."""

import numpy as np
import pytest

from stages.analysis.intervals import Estimate, Value, macro_estimate, nested_weights


def estimate(values, *, seed=0, resamples=400):
    return macro_estimate(values, seed=seed, resamples=resamples, confidence=0.95)


def clustered_rows(random: np.random.Generator, mean: float, inputs: int = 25) -> list[Value]:
    """Two tasks, four properties that share most of their input's noise."""
    rows = []
    for task in ("a", "b"):
        shared = random.normal(mean, 1.0, inputs)
        rows += [
            Value(("m", "n"), task, name, f"{i}", float(shared[i] + random.normal(0, 0.3)))
            for i in range(inputs)
            for name in "pqrs"
        ]
    return rows


def test_an_interval_clustered_by_input_covers_the_mean_as_often_as_it_says():
    random = np.random.default_rng(7)
    trials, covered, naive = 150, 0, 0
    for trial in range(trials):
        rows = clustered_rows(random, 0.3)
        found = estimate(rows, seed=trial, resamples=200)
        covered += found.ci_low <= 0.3 <= found.ci_high
        values = [row.value for row in rows]
        naive += abs(np.mean(values) - 0.3) <= 1.96 * np.std(values) / len(values) ** 0.5
    assert 0.88 <= covered / trials <= 0.99
    assert naive / trials < 0.80


def test_without_a_gap_small_p_values_are_as_rare_as_they_should_be():
    random = np.random.default_rng(3)
    found = [estimate(clustered_rows(random, 0.0), resamples=200).p_value for _ in range(100)]
    assert np.mean(np.array(found) < 0.05) <= 0.12
    assert 0.35 <= np.mean(found) <= 0.65


def test_a_plain_gap_gives_a_small_p_value_and_an_interval_beside_zero():
    found = estimate(clustered_rows(np.random.default_rng(1), 1.0))
    assert found.p_value < 0.01
    assert 0 < found.ci_low < found.estimate < found.ci_high
    assert (found.inputs, found.rows) == (50, 200)


def test_the_estimate_is_the_nested_mean():
    rows = [Value(("m", "n"), "a", "p", f"{i}", 1.0) for i in range(8)]
    rows += [Value(("m", "n"), "a", "q", f"{i}", 0.0) for i in range(2)]
    rows += [Value(("m", "n"), "b", "p", f"{i}", 0.0) for i in range(5)]
    rows += [Value(("n", "m"), "b", "p", f"{i}", 1.0) for i in range(5)]
    assert estimate(rows).estimate == pytest.approx((0.25 + 1.0) / 2)


def test_weights_are_equal_at_every_level_and_sum_to_one():
    weights = nested_weights([("a", "p"), ("a", "q"), ("b", "p")])
    assert weights.tolist() == [0.25, 0.25, 0.5]


def test_the_same_seed_gives_the_same_interval_whatever_the_order_of_rows():
    rows = clustered_rows(np.random.default_rng(1), 0.2)
    assert estimate(rows) == estimate(rows[::-1])
    assert estimate(rows, seed=1) != estimate(rows, seed=2)


def test_no_rows_and_one_cluster_have_no_interval():
    assert estimate([]) == Estimate(None, None, None, None, 0, 0)
    one = [Value(("m", "n"), "a", name, "0", 1.0) for name in "pq"]
    assert estimate(one) == Estimate(1.0, None, None, None, 1, 2)


def test_identical_arms_have_a_gap_of_zero_and_a_p_value_of_one():
    found = estimate([Value(("m", "n"), "a", "p", f"{i}", 0.0) for i in range(9)])
    assert (found.estimate, found.ci_low, found.ci_high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_a_cell_with_few_inputs_that_a_draw_leaves_empty_does_no_harm():
    rows = [Value(("m", "n"), "a", "p", f"{i}", float(i % 2)) for i in range(30)]
    rows.append(Value(("m", "n"), "a", "q", "0", 1.0))
    found = estimate(rows)
    assert 0.0 <= found.ci_low <= found.estimate <= found.ci_high <= 1.0
