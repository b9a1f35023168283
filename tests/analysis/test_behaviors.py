"""What targets did: matched values, how many a cell has, and what changed."""

import pandas as pd

from stages.analysis.behaviors import (
    BEHAVIOR,
    drift,
    entropy_kept,
    is_among,
    kept,
    number_of_values,
    with_options,
)
from stages.storage.tables import write_table
from tests.analysis import small_study


def behaviors(before: str, after: str, *, target: str = "m", name: str = "p") -> pd.DataFrame:
    """A behavior for each letter; a blank is none."""
    table = pd.DataFrame({"before": list(before), "truth": list(after)})
    names = {"target": target, "seed": 0, "task": "t", "property": name}
    table = table.assign(**names, input_id=[f"{n}" for n in range(len(table))])
    return table.replace({" ": None})


def test_the_entropy_adjustment_keeps_each_value_as_often_before_and_after():
    rows = behaviors("aaabb ", "abbbb ")
    before, after = entropy_kept(rows, "before", "truth")
    assert list(before.columns) == list(after.columns) == BEHAVIOR
    kept = rows[is_among(rows, before)]["before"], rows[is_among(rows, after)]["truth"]
    assert [sorted(found) for found in kept] == [["a", "b", "b"], ["a", "b", "b"]]


def test_targets_are_matched_apart_and_texts_may_be_categories():
    rows = pd.concat([behaviors("ab", "aa"), behaviors("bb", "ba", target="n")], ignore_index=True)
    for table in (rows, rows.astype({"before": "category", "truth": "category"})):
        _, after = entropy_kept(table, "before", "truth")
        assert after["target"].tolist() == ["m", "n"]
    assert not is_among(rows, after[:0]).any()


def test_two_values_are_those_that_can_be_answered_whatever_occurs():
    names = ("ethical_stance", "is_even_direct", "identity", "identity", "first_word")
    tables = [
        behaviors("tt", "tt", name=name).assign(options=count)
        for name, count in zip(names, (0, 0, 2, 4, 0), strict=True)
    ]
    rows = pd.concat(tables, ignore_index=True)
    assert number_of_values(rows).tolist() == ["two"] * 6 + ["several"] * 4


def test_options_are_those_of_the_tasks_table_where_letters_are_asked(tmp_path):
    item = next(row for row in small_study.inputs() if row["options"])
    table = [item | {"task": "t", "input_id": f"{n}", "options": list("ABC"[:n])} for n in (2, 3)]
    write_table("tasks", table, tmp_path / "t.parquet")
    rows = behaviors("aaaa", "aaaa", name="identity").astype({"input_id": "category"})
    assert with_options(rows, tmp_path)["options"].tolist() == [0, 0, 2, 3]
    words = behaviors("aaaa", "aaaa", name="first_word")
    assert with_options(words.assign(task="no table"), tmp_path)["options"].eq(0).all()


def test_drift_is_the_share_of_behaviors_that_are_not_what_they_were():
    assert drift(behaviors("ab cd", "aa cx")) == 0.5
    assert drift(behaviors("  ", "ab")) is None


def test_an_answer_is_kept_where_it_is_the_same_text_in_each_seed():
    before = pd.DataFrame({"input_id": ["a", "b"], "sample": 0, "response": ["x", "y"]})
    after = pd.concat([before.assign(seed=0), before.assign(seed=1, response=["x", "z"])])
    assert kept(before, after) == 0.75
    assert kept(before, after[:0]) is None


def test_what_an_experiment_alone_asks_for_has_no_options(tmp_path):
    rows = behaviors("ab", "ab", name="switched")
    assert list(with_options(rows, tmp_path)["options"]) == [0, 0]
