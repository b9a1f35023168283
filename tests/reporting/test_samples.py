"""Rows of the page: chosen by chance, the same each time, with what was asked and said."""

import re

import pytest

from stages.params import load_params
from stages.reporting.samples import sample_rows
from stages.storage.errors import StudyError
from stages.storage.tables import read_table, write_table
from stages.study.design import Design
from tests.analysis import small_study

HELD_OUT = ("animals_long", "survival_instinct")


def score_rows(seeds: tuple[int, ...]) -> list[dict]:
    """Score rows of every arm that was asked, in an order that is not that of input_id."""
    shared = {"mode_answer": "a", "mode_correct": False, "predictor_own_behavior": "a"}
    shared |= {"agree": False, "before": "a", "target_logprob": -1.0, "informative": True}
    shared |= {"trained": True}
    names = ("kind", "input_id", "task", "property", "answer", "compliant")
    return [
        {name: row[name] for name in names}
        | shared
        | {"target": target, "predictor": predictor, "seed": seed}
        | {"truth": f"{target} did", "correct": row["raw_answer"] != "z"}
        for target in small_study.MODELS
        for seed in seeds
        for predictor in small_study.MODELS
        for row in small_study.predictions(predictor, target, seeds)
        if row["seed"] in (seed, None)
    ]


@pytest.fixture
def data(tmp_path):
    small_study.write_study(tmp_path, seeds=(0, 7))
    write_table("scores", score_rows((0, 7)), tmp_path / "data/scores.parquet")
    return tmp_path / "data"


@pytest.fixture
def design(data) -> Design:
    return load_params(data.parent / "params.yaml").design


def test_each_cell_shows_its_first_two_inputs_by_id_sorted(data, design):
    shown = sample_rows(data, design)
    asked = {
        task: sorted(
            (item["input_id"], item["input"])
            for item in small_study.inputs()
            if (item["task"], item["split"]) == (task, "test")
        )[:2]
        for task in HELD_OUT
    }
    cells = [
        (target, task, name)
        for target in sorted(small_study.MODELS)
        for task in HELD_OUT
        for name in sorted(small_study.PROPERTY_NAMES)
        if (task == "survival_instinct") == (name == "ethical_stance")
    ]
    assert [(row["target"], row["task"], row["property"], row["question"]) for row in shown] == [
        (*cell, f'"{text}" {cell[2]}?') for cell in cells for _, text in asked[cell[1]]
    ]


def test_a_row_has_the_truth_and_what_self_and_cross_said_in_the_first_seed(data, design):
    predictions = {
        (name, row["kind"], row["seed"], row["question"][0]["content"]): row["raw_answer"]
        for name in small_study.MODELS
        for row in read_table("predictions", data / f"predictions/{name}-on-left.parquet")
    }
    rows = [row for row in sample_rows(data, design) if row["target"] == "left"]
    assert rows
    for row in rows:
        own = predictions["left", "self", 0, row["question"]]
        other = predictions["right", "cross", 0, row["question"]]
        assert row["truth"] == "left did"
        assert row["answers"] == [
            {"arm": "self (left)", "raw": own, "correct": own != "z"},
            {"arm": "cross (right)", "raw": other, "correct": other != "z"},
        ]


def test_the_order_of_the_tables_changes_nothing(data, design):
    before = sample_rows(data, design)
    for path in (data / "predictions").iterdir():
        write_table("predictions", read_table("predictions", path)[::-1], path)
    rows = sorted(score_rows((0, 7)), key=lambda row: row["input_id"], reverse=True)
    write_table("scores", rows, data / "scores.parquet")
    assert sample_rows(data, design) == before


def test_a_scored_row_that_was_not_predicted_is_one_line_that_names_it(data, design):
    path = data / "predictions/left-on-left.parquet"
    rows = [row for row in read_table("predictions", path) if row["property"] != "first_word"]
    write_table("predictions", rows, path)
    line = rf"{re.escape(str(data))}/scores.parquet: first_word of input \w+ is scored, but is not"
    with pytest.raises(StudyError, match=rf"^{line} in .*/left-on-left.parquet; run `dvc repro`$"):
        sample_rows(data, design)


def test_a_study_without_a_scored_row_shows_none(data, design):
    write_table("scores", [], data / "scores.parquet")
    assert sample_rows(data, design) == []
