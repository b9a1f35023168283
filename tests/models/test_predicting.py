"""predict: who is asked what, and who is shown the answer; on tiny models, which say anything."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from stages import predict
from stages.models.predicting import QuestionForm, hypothetical_questions
from stages.storage.tables import Row, read_table, write_table
from stages.study.arms import CROSS, FRESH_SELF, SELF, UNTRAINED
from stages.study.splits import part_of
from tests.analysis import small_study
from tests.experiments import tiny_study

CEILING = {"min_rows": 2, "max_p": 0.5, "max_difference": 1.0}
REFUSED, CHANGED = 0, 1  # pilot animals to which M1 of left gives no answer, and one of its own


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Iterator[Path]:
    """The small study with tiny models; every adapter is that of M1."""
    with tiny_study.working_study(tmp_path_factory.mktemp("study")) as root:
        for predictor in small_study.MODELS:
            made = root / f"data/adapters/{predictor}-self/seed-0"
            for target in small_study.MODELS:
                pair = root / f"data/adapters/{predictor}-on-{target}/seed-0"
                shutil.copytree(made, pair, dirs_exist_ok=True)
        path = root / "data/behavior/left-self.parquet"
        numbers = {row["input_id"]: n for n, row in enumerate(pilot("animals_long"))}
        said = {REFUSED: "I cannot answer that.", CHANGED: "yak gnu emu"}
        rows = read_table("behavior", path)
        for row in rows:
            row["response"] = said.get(numbers.get(row["input_id"]), row["response"])
        write_table("behavior", rows, path)
        yield root


def pilot(*tasks: str) -> list[Row]:
    inputs = (row for row in small_study.inputs() if row["task"] in tasks)
    return [row for row in inputs if part_of(row["role"], row["input_id"]) == "pilot"]


def write_params(ceiling: dict | None) -> None:
    """Those of the small study; other models are asked in the third person."""
    params = small_study.params()
    params["evaluate"]["ceiling"] = ceiling
    params["cross_questions"]["test"] = "third"
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


def asked(predictor: str, target: str, ceiling: dict | None = CEILING) -> list[Row]:
    """What predict writes of a pair."""
    write_params(ceiling)
    predict.main(["--predictor", predictor, "--target", target], standalone_mode=False)
    return read_table("predictions", f"data/predictions/{predictor}-on-{target}.parquet")


def text(row: Row) -> str:
    return row["question"][0]["content"]


def test_trained_arms_are_shown_the_targets_answers_to_pilot_inputs(study):
    rows = asked("left", "left")
    shown = [row for row in rows if row["shown"]]
    assert {row["kind"] for row in rows} == {UNTRAINED, SELF, FRESH_SELF}
    assert {row["kind"] for row in shown} == {SELF, FRESH_SELF}
    animals = pilot("animals_long")
    wanted = {row["input_id"] for row in pilot("animals_long", "survival_instinct")}
    wanted -= {animals[REFUSED]["input_id"]}
    for kind in (SELF, FRESH_SELF):
        own = [row for row in shown if row["kind"] == kind]
        assert {row["input_id"] for row in own} == wanted
        assert len(own) == 2 * (len(animals) - 1) + 12 and {row["seed"] for row in own} == {0}
    told = next(text(row) for row in shown if row["input_id"] == animals[CHANGED]["input_id"])
    assert 'and you answered this:\n"yak gnu emu"\n' in told
    scored = [row for row in rows if not row["shown"]]
    parts = {row["input_id"]: part_of(row["role"], row["input_id"]) for row in small_study.inputs()}
    assert {parts[row["input_id"]] for row in scored} == {"test"}
    assert not any("answered this:" in text(row) for row in scored)


def test_a_cross_predictor_is_shown_them_in_its_own_wording(study):
    rows = [row for row in asked("right", "left") if row["shown"]]
    assert {row["kind"] for row in rows} == {CROSS}
    assert all("and it answered this:" in text(row) for row in rows)
    assert all(text(row).startswith("Another language model was asked this:") for row in rows)
    key = pilot("animals_long")[CHANGED]["input_id"]
    assert any('"yak gnu emu"' in text(row) for row in rows if row["input_id"] == key)


def test_without_a_ceiling_nobody_is_shown_anything_and_the_rest_is_the_same(study):
    with_it = [row for row in asked("right", "left") if not row["shown"]]
    assert asked("right", "left", ceiling=None) == with_it


def test_where_a_target_has_not_answered_yet_it_is_a_line_and_a_plan_counts_all(study):
    write_params(CEILING)
    path = Path("data/behavior/right-self.parquet")
    kept = path.read_bytes()
    path.unlink()
    arguments = ["--predictor", "left", "--target", "right"]
    try:
        planned = CliRunner().invoke(predict.main, [*arguments, "--dry-run"])
        ended = CliRunner().invoke(predict.main, arguments)
    finally:
        path.write_bytes(kept)
    assert ended.exit_code == 1 and f"{path}: no such table" in ended.output
    # 24 scored and 12 pilot inputs of a task with two questions, and of one with one.
    assert planned.exit_code == 0 and " of 108 answers" in planned.output


def test_an_answer_stands_in_the_question_on_its_own_input():
    items = pilot("animals_long")[:2]
    answers = {row["input_id"]: f"answer {n}" for n, row in enumerate(items)}
    questions = hypothetical_questions(items, ["first_word"], QuestionForm(shown=answers))
    found = [question.messages[0]["content"] for question in questions]
    assert ['"answer 0"' in found[0], '"answer 1"' in found[1]] == [True, True]
    assert '"answer 1"' not in found[0]
