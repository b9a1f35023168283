"""Spreads of a mean over seeds and tasks, against scipy."""

import pandas as pd
import pytest
from scipy import stats

from stages.analysis.rule import Rule
from stages.analysis.spreads import spread_over

RULE = Rule(seed=0, confidence=0.95, permutations=200, min_cell_rows=1)


def pairs(**means: float) -> pd.DataFrame:
    """Four rows of each task, whose mean is that."""
    rows = [
        {"task": task, "input_id": str(n), "minus": mean + 0.25 * (-1) ** n}
        for task, mean in means.items()
        for n in range(4)
    ]
    return pd.DataFrame(rows).assign(target="a", predictor="b", seed=0, property="first_word")


def test_the_interval_over_tasks_is_students_t_of_their_means():
    means = {"x": 0.125, "y": 0.25, "z": 0.0}
    found = spread_over(pairs(**means), RULE, "task")
    interval = stats.ttest_1samp(list(means.values()), 0).confidence_interval(0.95)
    assert found["by"] == means and found["sd"] == pytest.approx(0.125)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(tuple(interval))


def test_an_interval_keeps_within_what_a_difference_can_be():
    for limit in (1.0, 2.0):
        found = spread_over(pairs(x=-0.5, y=0.5), RULE, "task", limit)
        assert (found["ci_low"], found["ci_high"]) == (-limit, limit)


def test_one_task_has_no_spread_and_equal_ones_no_interval():
    assert spread_over(pairs(x=0.125), RULE, "task") == {}
    assert spread_over(pairs(x=0.125, y=0.125), RULE, "task") == {
        "by": {"x": 0.125, "y": 0.125},
        "mean": 0.125,
        "sd": 0.0,
    }
