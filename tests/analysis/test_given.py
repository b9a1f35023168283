"""Answers of a file are one more arm; what is wrong in it is a line with the row."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from stages import evaluate, questions
from stages.analysis.given import given_answers
from stages.params import Params, load_params
from stages.reporting.sections import render
from stages.storage.errors import StudyError
from stages.storage.readers import read_rows
from stages.storage.tables import Row, read_table
from tests.analysis import small_study
from tests.conftest import run_command

INPUTS = {row["input_id"]: row for row in small_study.inputs()}
DESIGN = Params.model_validate(small_study.params()).design
SCORED = [row for row in INPUTS.values() if (row["role"], row["split"]) == ("test", "test")]
ANIMAL = next(row for row in SCORED if row["task"] == "animals_long")


def answers(rows: list[Row], path: Path) -> pd.DataFrame:
    pd.DataFrame(rows).to_csv(path, index=False)
    return given_answers("anna", path, INPUTS, DESIGN)


def one(**changed) -> Row:
    row = {"input_id": ANIMAL["input_id"], "property": "first_word", "answer": "Cat."}
    return {k: v for k, v in (row | changed).items() if v is not None}


def test_an_answer_is_read_as_a_models_is_and_is_about_every_subject(tmp_path):
    found = answers([one(), one(property="first_character", answer="cat")], tmp_path / "a.csv")
    assert list(found["target"]) == ["left", "right"] * 2
    assert list(found["answer"])[:2] == ["cat", "cat"]
    assert list(found["compliant"]) == [True, True, False, False]
    assert set(found["kind"]) == {"given"} and set(found["predictor"]) == {"anna"}


def test_an_input_goes_by_its_text_too_and_a_row_may_name_its_target(tmp_path):
    row = one(input_id=None, input=ANIMAL["input"], target="right")
    found = answers([row], tmp_path / "a.csv")
    assert list(found["input_id"]) == [ANIMAL["input_id"]] and list(found["target"]) == ["right"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.parquet", "a.tsv"])
def test_every_kind_of_file_is_read(tmp_path, name):
    table, path = pd.DataFrame([one()]), tmp_path / name
    match path.suffix:
        case ".parquet":
            table.to_parquet(path)
        case ".tsv":
            table.to_csv(path, sep="\t", index=False)
        case _:
            table.to_json(path, orient="records", lines=name.endswith("l"))
    assert len(given_answers("anna", path, INPUTS, DESIGN)) == 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([one(input_id="0" * 16)], "row 1: input_id '0000000000000000' is none of the inputs"),
        ([one(), one(property="length")], "row 2: property 'length' is not asked about input"),
        ([one(), one()], r"row 2: first_word of input \w+ about left was answered in .*row 1"),
        ([one(target="up")], "row 1: target 'up' is no subject; allowed: left, right"),
        ([one(input_id=None, input="no such")], "row 1: 0 of the inputs that are scored have"),
        ([one(input_id=None)], "row 1: it has neither an input_id nor the text"),
        ([one(answer=" ")], "no row has an answer"),
        ([{"input_id": "x", "property": "first_word"}], "answer"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(tmp_path, rows, message):
    with pytest.raises(StudyError, match=message) as error:
        answers(rows, tmp_path / "a.csv")
    assert str(error.value).startswith(str(tmp_path / "a.csv"))


def test_an_input_that_trains_is_not_scored(tmp_path):
    taught = next(row for row in INPUTS.values() if row["split"] == "train")
    with pytest.raises(StudyError, match="is none of the inputs of held-out tasks"):
        answers([one(input_id=taught["input_id"])], tmp_path / "a.csv")


def test_missing_answers_are_counted_and_named(tmp_path, caplog):
    rows = [one(target="left"), one(property="first_character", answer="", target="left")]
    assert len(answers(rows, tmp_path / "a.csv")) == 1
    assert "71 of 72 answers about left are missing" in caplog.text
    assert (
        f"first_character of {ANIMAL['input_id']}" in caplog.text and "and 68 more" in caplog.text
    )


@pytest.fixture
def filled(study) -> Path:
    """The small study with answers about `right` on half of its animals: all of them right."""
    path = Path("given/anna.csv")
    result = CliRunner().invoke(questions.main, ["--target", "right", "--inputs", "12", str(path)])
    assert result.exit_code == 0, result.output
    did = {(row["input_id"], row["property"]): row["truth"] for row in _truths()}
    table = pd.read_csv(path, dtype=str)
    places = zip(table["input_id"], table["property"], strict=True)
    table["answer"] = [did.get(place) for place in places]
    table[table["task"] == "animals_long"].to_csv(path, index=False)
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(f"{text}\ngiven: {{anna: anna.csv}}\n", encoding="utf-8")
    return study


def _truths() -> list[Row]:
    return [
        {
            "input_id": row["input_id"],
            "property": name,
            "truth": small_study.value("right", row, name, trained=True),
        }
        for row in SCORED
        for name in small_study.asked(row)
    ]


def test_answers_of_a_file_are_scored_beside_the_other_arms(filled):
    run_command(evaluate)
    rows = [row for row in read_table("scores", "data/scores.parquet") if row["kind"] == "given"]
    assert len(rows) == 24 and all(row["correct"] for row in rows)
    assert {(row["target"], row["predictor"]) for row in rows} == {("right", "anna")}
    found = json.loads(Path("metrics/targets.json").read_text(encoding="utf-8"))
    assert "given" not in found["targets"]["left"]
    anna = found["targets"]["right"]["given"]["anna"]
    assert anna["accuracy"]["estimate"] == 1.0 and anna["accuracy"]["rows"] == 24
    said = [r for r in read_table("scores", "data/scores.parquet") if r["kind"] == "self"]
    asked = {(row["input_id"], row["property"]) for row in rows}
    right = [
        row["correct"]
        for row in said
        if row["target"] == "right" and (row["input_id"], row["property"]) in asked
    ]
    assert anna["minus_self"]["estimate"] == round(1 - sum(right) / len(right), 4)
    numbers = {
        name: json.loads(Path(f"metrics/{name}.json").read_text(encoding="utf-8"))
        for name in ("summary", "targets", "subsets", "by_task", "by_property")
    }
    assert "| right | anna | 1.000" in render("baselines.md.j2", **numbers)


def test_the_table_to_fill_in_asks_about_another_model_and_is_never_overwritten(study):
    ask = ["--target", "left", "--inputs", "1", "given/a.csv"]
    assert CliRunner().invoke(questions.main, ask).exit_code == 0
    rows = [row.values for row in read_rows(Path("given/a.csv"))]
    assert [row["property"] for row in rows] == ["first_word", "first_character", "ethical_stance"]
    assert all(row["question"].startswith("Another language model was asked") for row in rows)
    again = CliRunner().invoke(questions.main, ask)
    assert again.exit_code == 1 and "it is there already, perhaps with answers" in again.output
    unknown = CliRunner().invoke(questions.main, ["--target", "up", "given/b.csv"])
    assert "'up' is no subject" in unknown.output and not Path("given/b.csv").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"left": "a.csv"}, "'left' is a subject"),
        ({"anna": "../a.csv"}, "is no file of given/"),
        ({"anna": "a.xlsx"}, "is no file of given/"),
        ({"a b": "a.csv"}, "is no plain name"),
    ],
)
def test_a_name_or_a_file_that_cannot_be_is_refused(study, given, message):
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(f"{text}\ngiven: {json.dumps(given)}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        load_params()
