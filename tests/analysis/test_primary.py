"""Which cells count over all targets: those of every target, so that a better predictor cancels."""

import pandas as pd
import pytest

from stages.analysis.averages import average
from stages.analysis.primary import balanced, counted, in_shared_cells
from stages.analysis.rule import Rule

RULE = Rule(seed=1, confidence=0.95, permutations=99, min_cell_rows=8)
TASKS = ("words", "towns", "tales")


def pairs(cells: dict[str, list[tuple[str, str]]], minus: dict[str, float]) -> pd.DataFrame:
    """30 pairs for each cell of each target, all with the target's difference."""
    return pd.DataFrame(
        {
            "target": target,
            "predictor": "left" if target == "right" else "right",
            "seed": 0,
            "task": task,
            "property": name,
            "input_id": f"{task} {number}",
            "minus": minus[target],
            "varies": True,
        }
        for target, own in cells.items()
        for task, name in own
        for number in range(30)
    )


ALL = [(task, name) for task in TASKS for name in ("first_word", "first_character")]


def test_a_model_that_predicts_everybody_better_is_no_advantage_of_either_side():
    """Right is ahead by 0.3 about both; it is fresh self about itself and cross about left."""
    few = ALL[:4]  # two tasks
    unequal = pairs({"left": few, "right": ALL}, {"left": -0.3, "right": 0.3})
    # Where cells differ between targets so does a mean by task, though nobody knows itself.
    by_task = unequal.groupby("task")["minus"].mean()
    assert by_task["tales"] == pytest.approx(0.3) and by_task["words"] == pytest.approx(0)
    kept = balanced(counted(unequal, RULE))
    assert average(kept, RULE, "minus", differs="varies", limit=2).estimate == pytest.approx(0)
    assert set(kept["task"]) == {"words", "towns"} and set(kept["target"]) == {"left", "right"}


def test_what_each_target_is_ahead_of_the_other_by_stays():
    both = pairs({"left": ALL, "right": ALL[2:]}, {"left": 0.1, "right": 0.3})
    kept = balanced(counted(both, RULE))
    assert average(kept, RULE, "minus", differs="varies", limit=2).estimate == pytest.approx(0.2)


def test_a_target_without_a_number_takes_no_cell_from_the_others():
    """One cell is too few for a number; that the others lack it does not matter either."""
    cells = {"left": ALL, "right": ALL, "third": ALL[:1]}
    rows = pairs(cells, dict.fromkeys(cells, 0.1))
    kept = balanced(rows)
    assert set(kept["target"]) == {"left", "right"}
    assert kept[["task", "property"]].drop_duplicates().shape[0] == len(ALL)


def test_where_too_few_cells_are_shared_there_is_no_number_over_all():
    apart = pairs({"left": ALL[:4], "right": ALL[2:]}, {"left": 0.1, "right": 0.1})
    shared = in_shared_cells(apart)
    assert set(zip(shared["task"], shared["property"], strict=True)) == set(ALL[2:4])
    kept = balanced(apart)
    assert kept.empty and average(kept, RULE, "minus", differs="varies", limit=2).estimate is None
