"""The instrument's claims about itself, on simulated tables whose true gap is known."""

import pytest

from stages.analysis.rule import Rule
from stages.analysis.simulation import rates, simulate

TABLES = range(1000)


@pytest.mark.parametrize("gap", [0.0, 0.1])
def test_intervals_cover_the_true_gap_as_often_as_they_say_and_naive_ones_do_not(gap):
    found = rates(simulate(gap, TABLES, Rule(0, 0.95, 1, 8)), gap)
    assert 0.93 <= found["coverage"] <= 0.97
    assert found["naive_coverage"] < 0.88


def test_without_a_gap_one_table_in_twenty_has_a_small_p_value():
    found = rates(simulate(0.0, TABLES, Rule(1, 0.95, 199, 8)), 0.0)
    assert 0.04 <= found["p_under_0.05"] <= 0.06
    assert 0.04 <= found["p_permutation_under_0.05"] <= 0.06
    assert found["naive_excludes_zero"] > 0.12
