"""Intervals cover what they should when rows of one input move together."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from stages.analysis.averages import LEVELS, accuracy, average
from stages.analysis.columns import codes, group_codes
from stages.analysis.flips import sign_flip_p
from stages.analysis.intervals import FEWEST, Estimate, nested_weights
from stages.analysis.rates import clustered_rate, exact_paired_p, paired_score, wilson
from stages.analysis.rounding import rounded
from stages.analysis.rule import Rule
from stages.study.splits import rng

RULE = Rule(seed=0, confidence=0.95, permutations=400, min_cell_rows=1)


def values(rows: list[tuple[str, str, str, float]], unit: tuple[str, str] = ("m", "n")):
    """Rows of (task, property, input_id, value), all of one target and predictor."""
    table = pd.DataFrame(rows, columns=["task", "property", "input_id", "value"])
    return table.assign(target=unit[0], predictor=unit[1], seed=0)


def estimate(rows: pd.DataFrame, rule: Rule = RULE, weigh="macro") -> Estimate:
    return average(rows, rule, "value", weigh)


def clustered_rows(random: np.random.Generator, mean: float, inputs: int = 25) -> pd.DataFrame:
    """Two tasks, four properties that share most of their input's noise."""
    rows = []
    for task in ("a", "b"):
        shared = random.normal(mean, 1.0, inputs)
        rows += [
            (task, name, f"{i}", float(shared[i] + random.normal(0, 0.3)))
            for i in range(inputs)
            for name in "pqrs"
        ]
    return values(rows)


def random_rows(seed: int) -> pd.DataFrame:
    """Uneven cells of several targets, predictors and seeds, some of one row, with repeats."""
    random = np.random.default_rng(seed)
    size = int(random.integers(30, 200))
    table = pd.DataFrame(
        {
            "target": random.choice(["m", "n", "o"], size),
            "predictor": random.choice(["p", "q"], size),
            "seed": random.choice([0, 2, 10], size),
            "task": random.choice(["zeta", "alpha"], size),
            "property": random.choice(["first", "second", "third"], size),
            "input_id": random.integers(0, 12, size).astype(str),
        }
    )
    return table.assign(value=random.choice([-1.0, 0.0, 1.0, 0.37], size))


def dense(rows: pd.DataFrame, weigh: str) -> dict[str, float]:
    """The same estimate by matrices: CR2 of each input's block of the hat matrix, and its freedom.

    The naive error is that of statsmodels.
    """
    cells_N = group_codes(rows, LEVELS)
    design_NC = (cells_N[:, None] == np.arange(cells_N.max() + 1)).astype(float)
    weights_C = design_NC.mean(0)
    if weigh == "macro":
        first = rows.groupby(cells_N)[list(LEVELS)].first()
        weights_C = np.ones(len(first))
        for depth in range(len(LEVELS)):
            above = first[list(LEVELS[:depth])].assign(all=0).astype(str).agg("/".join, axis=1)
            weights_C /= first.groupby(above.to_numpy())[LEVELS[depth]].transform("nunique")
    weights_C = np.asarray(weights_C)
    hat_NC = design_NC @ np.linalg.inv(design_NC.T @ design_NC)
    rest_NN = np.eye(len(rows)) - hat_NC @ design_NC.T
    left_N, contrast_N = rest_NN @ rows["value"].to_numpy(), hat_NC @ weights_C
    variance, sides = 0.0, []
    inputs_N = group_codes(rows, ("task", "input_id"))
    for own in range(inputs_N.max() + 1):
        here = inputs_N == own
        values, vectors = np.linalg.eigh(rest_NN[np.ix_(here, here)])
        roots = [value**-0.5 if value > 1e-9 else 0.0 for value in values]
        adjusted = vectors @ np.diag(roots) @ vectors.T @ contrast_N[here]
        variance += (adjusted @ left_N[here]) ** 2
        sides.append(rest_NN[:, here] @ adjusted)
    gram = np.array(sides) @ np.array(sides).T
    error, freedom = variance**0.5, np.trace(gram) ** 2 / np.square(gram).sum()
    effect = float(weights_C @ (hat_NC.T @ rows["value"].to_numpy()))
    half = stats.t.ppf(0.975, freedom) * error
    naive = sm.OLS(rows["value"], design_NC).fit().t_test(weights_C)
    naive_low, naive_high = naive.conf_int(0.05)[0]
    return {
        "estimate": effect,
        "ci_low": max(effect - half, -1),
        "ci_high": min(effect + half, 1),
        "p_value": 2 * stats.t.sf(abs(effect) / error, freedom),
        "detectable": (stats.t.ppf(0.975, freedom) + stats.t.ppf(0.8, freedom)) * error,
        "naive_low": naive_low,
        "naive_high": naive_high,
    }


@pytest.mark.parametrize("weigh", ["macro", "pooled"])
@pytest.mark.parametrize("seed", range(5))
def test_sums_over_cells_are_the_dense_sandwich(seed, weigh):
    rows = random_rows(seed)
    found, expected = estimate(rows, weigh=weigh)._asdict(), dense(rows, weigh)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("inputs", [2, 7, 8, 9, 33, 300])
@pytest.mark.parametrize("ties", [False, True])
def test_flips_are_the_draws_of_scipy_and_give_its_p(inputs, ties):
    random = np.random.default_rng(inputs)
    shares_I = random.integers(-1, 2, inputs) / 7 if ties else random.normal(0.1, 1, inputs)
    for seed in (0, 1):
        expected = stats.permutation_test(
            (shares_I,),
            lambda shares, axis: np.round(shares.sum(axis=axis), 12),
            permutation_type="samples",
            vectorized=True,
            n_resamples=301,
            batch=64,
            rng=np.random.default_rng(rng(seed, "permutations").getrandbits(64)),
        )
        assert sign_flip_p(shares_I, seed, 301) == expected.pvalue


def test_the_same_rows_twice_are_no_new_evidence():
    """Each input's rows stand twice: the clustered interval stays, the naive one shrinks."""
    rows = clustered_rows(np.random.default_rng(2), 0.3)
    once, twice = estimate(rows), estimate(pd.concat([rows, rows], ignore_index=True))
    assert twice.ci_low == pytest.approx(once.ci_low, abs=0.01)
    assert twice.naive_high - twice.naive_low < 0.8 * (once.naive_high - once.naive_low)


def test_of_one_row_an_input_clustered_and_plain_errors_are_those_of_a_t_test():
    drawn = np.random.default_rng(5).normal(0.2, 1, 40)
    found = estimate(values([("a", "p", f"{i:02}", float(v)) for i, v in enumerate(drawn)]))
    plain = stats.ttest_1samp(drawn, 0)
    assert found.p_value == pytest.approx(plain.pvalue)
    low, high = plain.confidence_interval(0.95)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))
    assert (found.naive_low, found.naive_high) == pytest.approx((low, high))


def test_what_is_detectable_is_found_in_four_of_five_studies():
    drawn = np.random.default_rng(0).normal(size=50)
    found = estimate(values([("a", "p", f"{i:02}", float(v)) for i, v in enumerate(drawn)]))
    error = stats.sem(drawn)
    power = 1 - stats.nct.cdf(stats.t.ppf(0.975, 49), 49, found.detectable / error)
    assert power == pytest.approx(0.8, abs=0.01)


def test_few_inputs_are_flipped_in_every_way():
    assert sign_flip_p(1 + np.arange(5) / 10, 0, 400) == pytest.approx(2 / 2**5)


def test_pooled_weighs_cells_by_their_rows():
    rows = [("a", "p", f"{i}", 1.0) for i in range(6)] + [("a", "q", f"{i}", 0.0) for i in range(2)]
    assert estimate(values(rows)).estimate == pytest.approx(0.5)
    assert estimate(values(rows), weigh="pooled").estimate == pytest.approx(0.75)


def test_wilson_keeps_within_zero_and_one():
    low, high = wilson(0, 10, 0.95)
    assert low == 0 and high == pytest.approx(0.2775, abs=1e-4)  # Agresti and Coull 1998, n = 10


def test_a_plain_gap_gives_a_small_p_value_and_an_interval_beside_zero():
    found = estimate(clustered_rows(np.random.default_rng(1), 1.0))
    assert found.p_value < 0.01 and found.p_permutation < 0.01
    assert 0 < found.ci_low < found.estimate < found.ci_high
    assert (found.inputs, found.rows) == (50, 200)


def test_the_estimate_is_the_nested_mean():
    rows = [("a", "p", f"{i}", 1.0) for i in range(8)] + [("a", "q", f"{i}", 0.0) for i in range(2)]
    rows += [("b", "p", f"{i}", 0.0) for i in range(5)]
    other = values([("b", "p", f"{i}", 1.0) for i in range(5)], unit=("n", "m"))
    both = pd.concat([values(rows), other], ignore_index=True)
    assert estimate(both).estimate == pytest.approx((0.25 + 1.0) / 2)


def test_weights_are_equal_at_every_level_and_sum_to_one():
    weights = nested_weights(np.array([[0, 0], [0, 1], [1, 0]]))
    assert weights.tolist() == [0.25, 0.25, 0.5]


def test_the_order_of_rows_changes_nothing_and_the_seed_the_permutations_only():
    rows = clustered_rows(np.random.default_rng(1), 0.2)
    first, turned = estimate(rows), estimate(rows[::-1])
    assert rounded(turned) == rounded(first)
    other = estimate(rows, Rule(1, 0.95, 400, 1))
    assert other.p_permutation != first.p_permutation
    assert other._replace(p_permutation=None) == first._replace(p_permutation=None)


def test_categories_count_as_the_texts_that_they_are():
    """Their own order, which is that in which they were met, changes nothing."""
    rows = random_rows(1)
    met = {name: rows[name].unique() for name in ("target", "task", "property", "input_id")}
    as_met = rows.astype({name: pd.CategoricalDtype(found) for name, found in met.items()})
    assert estimate(as_met) == estimate(rows)
    assert (codes(as_met["task"]) == codes(rows["task"])).all()


def test_an_accuracy_has_an_interval_and_nothing_that_speaks_against_zero():
    rows = clustered_rows(np.random.default_rng(1), 0.2)
    rows["value"] = (rows["value"] > 0).astype(float)
    found = accuracy(rows, RULE, "value")
    assert found.method == "rate" and 0 < found.ci_low < found.estimate < found.ci_high < 1
    assert {found.p_value, found.p_permutation, found.detectable, found.naive_low} == {None}


def test_what_too_little_data_carries_has_no_interval():
    assert estimate(values([])) == Estimate()
    few = [("a", "p", f"{i}", float(i % 2)) for i in range(FEWEST - 1)]
    found = estimate(values(few))
    assert found.inputs == FEWEST - 1 and found.ci_low is found.p_value is found.method is None
    assert accuracy(values(few), RULE, "value").ci_low is None
    alone = values([("a", f"{i}", f"{i}", 1.0) for i in range(2 * FEWEST)])
    assert estimate(alone).ci_low is estimate(alone).p_value is None


def test_an_average_of_which_few_inputs_differ_has_a_permutation_p_alone():
    rows = [("a", name, f"{i}", float(i < 9)) for i in range(40) for name in "pq"]
    found = estimate(values(rows))
    assert (found.discordant, found.ci_low, found.p_value) == (9, None, None)
    assert found.p_permutation < 0.05


def test_a_single_cell_of_which_few_inputs_differ_has_a_score_interval():
    rows = [("a", "p", f"{i}", float(i < 7) - (i == 30)) for i in range(40)]
    found = estimate(values(rows))
    assert (found.method, found.discordant) == ("score", 8)
    assert (found.ci_low, found.ci_high) == paired_score(7, 1, 40, 0.95)
    assert found.p_value == exact_paired_p(7, 1) == pytest.approx(18 / 2**8)


def test_where_nothing_differs_there_is_nothing_to_say_but_that():
    found = estimate(values([("a", "p", f"{i}", 0.0) for i in range(20)]))
    assert found == Estimate(0.0, inputs=20, rows=20, discordant=0)
    found = estimate(values([("a", "p", f"{i}", 0.3) for i in range(20)]))
    assert (found.discordant, found.ci_low, found.p_value) == (20, None, None)


def test_cells_of_few_rows_count_nowhere():
    rows = [("a", "p", f"{i}", float(i % 2)) for i in range(30)]
    small = [("a", "q", f"{i}", 1.0) for i in range(7)]
    rule = Rule(0, 0.95, 400, 8)
    assert estimate(values([*rows, *small]), rule) == estimate(values(rows), rule)
    assert estimate(values(small), rule) == Estimate()


def test_a_cell_with_one_input_does_no_harm():
    rows = [("a", "p", f"{i}", float(i % 2)) for i in range(30)]
    found = estimate(values([*rows, ("a", "q", "0", 1.0)]))
    assert found.ci_low <= found.estimate <= found.ci_high


def test_the_interval_of_a_rate_keeps_within_zero_and_one_and_is_never_of_no_width():
    for rate in (0.0, 0.02, 0.5, 1.0):
        low, high = clustered_rate(rate, 0.05 * (0 < rate < 1), 15.0, 20, 0.95)
        assert 0 <= low <= rate <= high <= 1 and low < high
    # One row an input: the error amounts to as many rows as there are, but for the freedom.
    low, high = clustered_rate(0.3, (0.3 * 0.7 / 400) ** 0.5, 1e9, 20, 0.95)
    exact = stats.binomtest(120, 400).proportion_ci(0.95)
    assert (low, high) == pytest.approx((exact.low, exact.high), abs=1e-6)


def test_what_is_rare_and_missing_where_it_weighs_most_does_not_make_a_rate_certain():
    """One of 100 rows is right, in the cell whose rows weigh least: 96 rows against 4 by 8."""
    rows = [("a", "p", f"{i}", float(i == 0)) for i in range(96)]
    rows += [("a", name, f"{i}", 0.0) for name in "qrst" for i in range(96, 104)]
    found = accuracy(values(rows), RULE, "value")
    assert found.estimate == pytest.approx(1 / 96 / 5) and found.ci_high > 0.03


def test_the_ends_of_the_score_interval_of_pairs_are_z_errors_away():
    assert paired_score(9, 0, 9, 0.95)[1] == 1.0
    first, second, rows = 7, 1, 40
    for end, z in zip(paired_score(first, second, rows, 0.95), (1.959964, -1.959964), strict=True):
        b = -first - second + (2 * rows - first + second) * end
        only = ((b * b + 8 * rows * second * end * (1 - end)) ** 0.5 - b) / (4 * rows)
        variance = rows * (2 * only + end * (1 - end))
        assert (first - second - rows * end) / variance**0.5 == pytest.approx(z, abs=1e-5)
