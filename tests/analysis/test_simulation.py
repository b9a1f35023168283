"""The instrument's claims about itself, on simulated tables whose truth is known.

Bounds are those that a sound instrument crosses in one run of a thousand, by the number of tables.
"""

import pandas as pd
import pytest
from scipy import stats

from stages.analysis.averages import average
from stages.analysis.columns import select
from stages.analysis.dealt import with_dealt_out
from stages.analysis.intervals import FEWEST
from stages.analysis.primary import corrected_pairs
from stages.analysis.rule import Rule
from stages.analysis.simulated import Setting, simulated
from stages.analysis.simulation import methods, rates, simulate

TABLES = range(200)
RULE = Rule(0, 0.95, 199, 8)
UNEVEN = (56, 8, 1)
SETTINGS = [
    ("gap", Setting("accuracy", 40, UNEVEN, (0.3, 0.6), tasks=2)),
    ("primary", Setting("knowledge", 40, UNEVEN, (0.0, 0.3, 0.8), tasks=2)),
    ("primary", Setting("evidence", 40, UNEVEN, (0.5, 2.0), tasks=2, targets=2)),
    ("accuracy", Setting("accuracy", 40, UNEVEN, (0.02, 0.98), tasks=2)),
    ("corrected", Setting("knowledge", 40, UNEVEN, (0.3, 0.8), tasks=2)),
]


def at_most(share: float, tables: float) -> float:
    """What a share of so many tables is under, but for one time in a thousand."""
    return float(stats.binom.ppf(0.999, round(tables), share)) / round(tables)


@pytest.mark.parametrize(("of", "setting"), SETTINGS, ids=lambda one: str(one)[:9])
def test_intervals_cover_the_truth_as_often_as_they_say(of, setting):
    found = simulate(of, setting, TABLES, RULE)
    (method,) = methods(found.found)
    shares = rates(found, method)
    given = shares["given"] * len(TABLES)
    assert shares["given"] > 0.9
    assert 1 - shares["coverage"] <= at_most(0.06, given)
    if method == "CR2":
        assert shares["coverage"] <= at_most(0.96, given)
    if found.true == pytest.approx(0):
        assert shares["p_under_0.05"] <= at_most(0.06, given)
        assert shares["p_permutation_under_0.05"] <= at_most(0.06, len(TABLES))


def test_rows_taken_for_independent_cover_less():
    found = rates(simulate("gap", Setting("accuracy", 40, (56,), (0.3,)), TABLES, RULE), "CR2")
    assert 1 - found["naive_coverage"] > at_most(0.06, len(TABLES))


def test_from_twenty_inputs_and_ten_that_differ_an_interval_is_given():
    small = Setting("accuracy", 20, (8,), (0.3,))
    one = Setting("accuracy", 20, (56,), (0.3,), properties=1)
    for found in (simulate("gap", setting, TABLES[:50], RULE).found for setting in (small, one)):
        differ = [own for own in found if (own.discordant or 0) >= FEWEST]
        assert differ and all(own.method == "CR2" for own in differ)
    assert {own.method for own in found} == {"CR2", "score"}


def test_under_ten_inputs_there_is_no_interval():
    found = simulate("gap", Setting("accuracy", 8, (8,), (0.3,)), TABLES[:20], RULE)
    assert methods(found.found) == [None]
    assert rates(found, None) == dict.fromkeys(rates(found, None), None) | {"given": 0.0}


def test_a_table_is_drawn_by_its_number_and_estimated_as_evaluate_does():
    of, setting = "primary", Setting("knowledge", 24, UNEVEN, (0.3,), tasks=2, targets=2)
    whole = simulate(of, setting, range(4), RULE).found
    assert simulate(of, setting, [3, 1], RULE).found == [whole[3], whole[1]]
    pairs = corrected_pairs(select(simulated(setting, 0, range(4)), seed=3))
    alone = average(pairs, Rule(3, 0.95, 199, 8), "minus", differs="varies", limit=2)
    assert alone._asdict() == pytest.approx(whole[3]._asdict())


@pytest.mark.parametrize("how", ["knowledge", "evidence"])
def test_what_is_true_is_what_many_inputs_show(how):
    setting = Setting(how, 20000, (20000,), (0.7,), properties=2)
    rows = simulated(setting, 0, [0])
    arms = {
        kind: float(with_dealt_out(own)["corrected"].mean())
        for kind, own in rows.groupby("kind", observed=True)
    }
    shown = pd.Series([arms["fresh_self"], arms["fresh_self"] - arms["cross"]])
    true = [float(setting.true_C(of).mean()) for of in ("corrected", "primary")]
    assert list(shown) == pytest.approx(true, abs=0.02)
