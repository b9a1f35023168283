"""Intervals cover what they should when rows of one input move together."""

import numpy as np
import pytest
from scipy import stats

from stages.analysis.intervals import (
    Estimate,
    Value,
    clustered_estimate,
    holm,
    nested_weights,
    wilson,
)


def estimate(values, *, seed=0, permutations=400, average="macro"):
    return clustered_estimate(
        values, seed=seed, permutations=permutations, confidence=0.95, average=average
    )


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


def test_the_same_rows_twice_are_no_new_evidence():
    """Each input's rows stand twice: the clustered interval stays, the naive one shrinks."""
    rows = clustered_rows(np.random.default_rng(2), 0.3)
    once, twice = estimate(rows), estimate(rows + rows)
    assert twice.ci_low == pytest.approx(once.ci_low, abs=0.01)
    assert twice.naive_high - twice.naive_low < 0.8 * (once.naive_high - once.naive_low)


def test_of_one_row_an_input_clustered_and_plain_errors_are_those_of_a_t_test():
    random = np.random.default_rng(5)
    values = random.normal(0.2, 1, 40)
    rows = [Value(("m",), "a", "p", f"{i:02}", float(v)) for i, v in enumerate(values)]
    found, plain = estimate(rows), stats.ttest_1samp(values, 0)
    assert found.p_value == pytest.approx(plain.pvalue)
    low, high = plain.confidence_interval(0.95)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))
    assert (found.naive_low, found.naive_high) == pytest.approx((low, high))


def test_what_is_detectable_is_found_in_four_of_five_studies():
    random = np.random.default_rng(0)
    rows = [
        Value(("m",), "a", "p", f"{i:02}", float(v)) for i, v in enumerate(random.normal(size=50))
    ]
    found = estimate(rows)
    error = (found.ci_high - found.ci_low) / 2 / stats.t.ppf(0.975, 49)
    power = 1 - stats.nct.cdf(stats.t.ppf(0.975, 49), 49, found.detectable / error)
    assert power == pytest.approx(0.8, abs=0.01)


def test_few_inputs_are_flipped_in_every_way():
    rows = [Value(("m",), "a", "p", f"{i}", 1.0 + i / 10) for i in range(5)]
    assert estimate(rows).p_permutation == pytest.approx(2 / 2**5)


def test_pooled_weighs_cells_by_their_rows():
    rows = [Value(("m",), "a", "p", f"{i}", 1.0) for i in range(6)]
    rows += [Value(("m",), "a", "q", f"{i}", 0.0) for i in range(2)]
    assert estimate(rows).estimate == pytest.approx(0.5)
    assert estimate(rows, average="pooled").estimate == pytest.approx(0.75)


def test_holm_multiplies_the_smallest_p_by_how_many_there_are():
    assert holm({"a": 0.01, "b": 0.04, "c": None}) == pytest.approx({"a": 0.02, "b": 0.04})
    assert holm({"a": None}) == {}


def test_wilson_keeps_within_zero_and_one():
    low, high = wilson(0, 10, 0.95)
    assert low == 0 and high == pytest.approx(0.2775, abs=1e-4)  # Agresti and Coull 1998, n = 10


def test_a_plain_gap_gives_a_small_p_value_and_an_interval_beside_zero():
    found = estimate(clustered_rows(np.random.default_rng(1), 1.0))
    assert found.p_value < 0.01 and found.p_permutation < 0.01
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


def test_the_order_of_rows_changes_nothing_and_the_seed_the_permutations_only():
    rows = clustered_rows(np.random.default_rng(1), 0.2)
    assert estimate(rows) == estimate(rows[::-1])
    other = estimate(rows, seed=1)
    assert other.p_permutation != estimate(rows).p_permutation
    assert other._replace(p_permutation=None) == estimate(rows, permutations=0)


def test_no_rows_and_one_cluster_have_no_interval():
    assert estimate([]) == Estimate()
    one = [Value(("m", "n"), "a", name, "0", 1.0) for name in "pq"]
    assert estimate(one) == Estimate(1.0, inputs=1, rows=2)
    one_row_a_cell = [Value(("m", "n"), "a", name, name, 1.0) for name in "pq"]
    assert estimate(one_row_a_cell) == Estimate(1.0, inputs=2, rows=2)


def test_identical_arms_have_a_gap_of_zero_and_a_p_value_of_one():
    found = estimate([Value(("m", "n"), "a", "p", f"{i}", 0.0) for i in range(9)])
    assert (found.estimate, found.ci_low, found.ci_high, found.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert found.p_permutation == 1.0


def test_a_cell_with_one_input_does_no_harm():
    rows = [Value(("m", "n"), "a", "p", f"{i}", float(i % 2)) for i in range(30)]
    rows.append(Value(("m", "n"), "a", "q", "0", 1.0))
    found = estimate(rows)
    assert found.ci_low <= found.estimate <= found.ci_high
