"""The instrument's claims about itself, on simulated tables whose true gap is known."""

import pytest

from stages.analysis.rule import Rule
from stages.analysis.simulation import Setting, rates, simulate

TABLES = range(300)
RULE = Rule(0, 0.95, 199, 8)


@pytest.mark.parametrize(
    "setting",
    [
        Setting("accuracy", 40, 2, (56, 9), (0.3, 0.6)),
        Setting("knowledge", 40, 2, (56, 9), (0.0, 0.3, 0.8)),
        Setting("evidence", 40, 2, (56, 9), (0.5, 2.0), alike=True),
    ],
    ids=lambda setting: setting.how,
)
def test_intervals_cover_the_truth_as_often_as_they_say(setting):
    """300 tables: a rate of 0.95 is within 0.92 and 0.98 in all but one run of a hundred."""
    found = rates(simulate(setting, TABLES, RULE), setting.gap)
    assert found["given"] > 0.95
    assert 0.92 <= found["coverage"] <= 0.98
    assert 0.02 <= found["p_under_0.05"] <= 0.08
    assert 0.02 <= found["p_permutation_under_0.05"] <= 0.08


def test_rows_taken_for_independent_cover_less():
    setting = Setting("accuracy", 40, 2, (56,), (0.3, 0.6))
    found = rates(simulate(setting, TABLES, RULE), setting.gap)
    assert found["naive_coverage"] < 0.9 < found["coverage"]


def test_where_too_little_differs_there_is_no_interval():
    found = rates(simulate(Setting("accuracy", 8, 1, (8,), (0.3,)), range(20), RULE), 0.0)
    assert found["given"] == 0 and found["coverage"] is None
