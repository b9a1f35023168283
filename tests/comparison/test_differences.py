"""A difference is that of the headline numbers, and its interval covers what is true."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stages.analysis.columns import groups, select
from stages.analysis.primary import corrected_pairs
from stages.analysis.rule import Rule
from stages.analysis.simulated import Setting, simulated
from stages.comparison.differences import changes, differences
from stages.comparison.sharing import shared
from stages.storage.tables import read_columns
from stages.study.arms import CROSS, FRESH_SELF

RULE = Rule(0, 0.95, 1, 1)
KNOWN = ("fresh_self", "cross", "mode", "self", "gap", "drift")
TABLES = range(600)


def rows_of(study) -> pd.DataFrame:
    return read_columns("rows", study / "metrics/rows.parquet")


@pytest.fixture(scope="module")
def both(evaluated_once, evaluated_twice):
    return shared(rows_of(evaluated_once), rows_of(evaluated_twice))


@pytest.mark.parametrize("name", KNOWN)
def test_where_all_rows_are_shared_it_is_the_difference_of_the_headlines(
    evaluated_once, evaluated_twice, both, name
):
    old, new = (
        json.loads((study / "metrics/summary.json").read_text())[name]
        for study in (evaluated_once, evaluated_twice)
    )
    found = differences(both, RULE)[name].estimate
    assert found.estimate == pytest.approx(new - old, abs=1.1e-4)
    assert (old != new) == (found.discordant > 0)
    if name in ("self", "cross", "mode", "gap", "drift"):
        assert old != new


def test_p_values_are_corrected_for_the_numbers_that_are_looked_at(both):
    found = differences(both, RULE)
    tested = [of for of in found.values() if of.estimate.p_value is not None]
    assert len(tested) >= 2
    least = min(tested, key=lambda of: of.estimate.p_value)
    assert least.p_holm == pytest.approx(min(1, len(tested) * least.estimate.p_value))
    assert all(of.p_holm >= of.estimate.p_value for of in tested)


def test_cells_that_one_version_leaves_out_count_in_neither(both):
    used = both.one["task"].ne("survival_instinct") | both.one["target"].ne("right")
    less = both._replace(one=both.one.assign(used=both.one["used"] & used))
    found = differences(less, RULE)["cross"].estimate
    assert found.rows < differences(both, RULE)["cross"].estimate.rows
    by_target = select(less.used.one, kind=CROSS).groupby("target")["task"].unique()
    assert list(by_target["right"]) == ["animals_long"]


def test_rows_of_one_version_alone_are_counted_and_left_out(evaluated_once):
    rows = rows_of(evaluated_once)
    found = shared(rows, rows[rows["property"] != "first_word"])
    assert found.only == (int(rows["property"].eq("first_word").sum()), 0)
    assert (found.one["input_id"] == found.other["input_id"]).all()
    assert all(of.estimate.discordant == 0 for of in differences(found, RULE).values())


def test_versions_without_a_shared_row_have_no_difference(evaluated_once):
    rows = rows_of(evaluated_once)
    found = shared(rows, rows.assign(input_id=rows["input_id"].astype(str) + "x"))
    assert differences(found, RULE) == {}


def as_version(rows: pd.DataFrame, *kinds: str) -> pd.DataFrame:
    rows = rows[rows["kind"].isin(kinds)]
    return rows.assign(used=True, input_id=1000 * rows["task"] + rows["input_id"])


def test_the_primary_comparison_changes_by_what_is_dealt_out_in_either_version():
    setting = Setting("knowledge", 96, (48,), (0.4, 0.7), tasks=2, properties=2)
    one, other = (as_version(simulated(setting, seed, [1]), FRESH_SELF, CROSS) for seed in (1, 2))
    found = differences(shared(one, other), RULE)
    means = []
    for rows in (one, other):
        pairs = corrected_pairs(rows)
        means.append(pairs.groupby(["task", "property"])[["minus", "raw"]].mean().mean())
    assert found["primary"].estimate.estimate == pytest.approx(
        means[1]["minus"] - means[0]["minus"]
    )
    assert found["primary_raw"].estimate.estimate == pytest.approx(
        means[1]["raw"] - means[0]["raw"]
    )
    assert 10 < found["primary"].estimate.discordant <= 96
    assert shared(one, one).one.equals(shared(one, one).other)
    assert differences(shared(one, one), RULE)["primary"].estimate.discordant == 0


def coverage(change, true: float) -> float:
    """How often the intervals of the tables, whose number is their seed, cover what is true."""
    covers = []
    for (number,), rows in groups(change.rows, "seed"):
        found = change._replace(rows=rows).estimate(replace(RULE, seed=int(number)))
        assert found.ci_low is not None
        covers.append(found.ci_low <= true <= found.ci_high)
    assert len(covers) == len(TABLES)
    return float(np.mean(covers))


def test_intervals_of_an_arm_in_two_versions_cover_the_true_change():
    """Answers of both hang together, as those of one arm trained twice do; self falls by 0.1."""
    setting = Setting("accuracy", 96, (32,), (0.3, 0.5, 0.7), gap=0.1, tasks=3, properties=2)
    rows = simulated(setting, 5, TABLES)
    one = as_version(rows, FRESH_SELF)
    other = as_version(rows, CROSS).assign(kind=FRESH_SELF, predictor=0)
    change = changes(shared(one, other), RULE)["fresh_self"]
    assert 0.93 <= coverage(change, -0.1) <= 0.97


def test_intervals_of_the_primary_comparison_cover_the_true_change():
    settings = [
        Setting("evidence", 96, (32,), levels, tasks=3, properties=2)
        for levels in ((0.5, 1.5), (1.0, 2.5))
    ]
    one, other = (
        as_version(simulated(setting, seed, TABLES), FRESH_SELF, CROSS)
        for seed, setting in enumerate(settings)
    )
    true = settings[1].true_C("primary").mean() - settings[0].true_C("primary").mean()
    change = changes(shared(one, other), RULE)["primary"]
    assert 0.93 <= coverage(change, float(true)) <= 0.97
