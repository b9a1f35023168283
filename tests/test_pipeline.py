"""The whole pipeline as its user runs it, on tiny models made on the spot."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from stages.storage.tables import read_table
from stages.study.properties import PROPERTIES
from tests.conftest import CHAT, ROOT, Study, new_study, small_params
from tests.kills.campaign import Kill, Killed
from tests.tiny_models import make_tiny_model

pytestmark = pytest.mark.slow
SUMMARY = [
    "self",
    "cross",
    "fresh_self",
    "untrained",
    "mode",
    "text_classifier",
    "gap",
    "gap_low",
    "gap_high",
    "gap_p",
    "fresh_gap",
    "fresh_gap_low",
    "fresh_gap_high",
    "drift",
    "inputs",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> dict[str, dict]:
    folder = tmp_path_factory.mktemp("tiny")
    return {
        name: {
            "source": f"path:{make_tiny_model(folder / name, 0, architecture)}",
            "chat_template": CHAT,
            "stop": ["\n"],
        }
        for name, architecture in (("one", "llama"), ("two", "gemma3"))
    }


@pytest.fixture(scope="module")
def finished(tiny, tmp_path_factory) -> Study:
    """A study that ran to its end without a stop; the tests below look at it or add to it."""
    folder = tmp_path_factory.mktemp("finished")
    study = new_study(folder / "study", folder / "cache")
    study.write_params(small_params(tiny))
    study.dvc("repro")
    return study


def lock(study: Study) -> dict:
    return yaml.safe_load((study.root / "dvc.lock").read_text(encoding="utf-8"))["stages"]


def outputs(study: Study) -> dict[str, str]:
    return {o["path"]: o["md5"] for cell in lock(study).values() for o in cell.get("outs", [])}


def test_repro_ends_in_the_metrics_of_the_contract(finished):
    summary = json.loads((finished.root / "metrics/summary.json").read_text())
    assert list(summary) == SUMMARY
    assert all(isinstance(value, float | int) for value in summary.values())
    details = json.loads((finished.root / "metrics/targets.json").read_text())
    assert {"gap", "fresh_gap", "baseline", "targets", "compliance", "pooled"} <= details.keys()
    assert {"estimate", "ci_low", "ci_high", "p_value", "inputs", "rows"} <= details["gap"].keys()
    assert details["targets"].keys() == {"one", "two"}
    assert {"self", "fresh_self", "cross", "mode"} <= details["targets"]["one"].keys()
    assert details["targets"]["one"]["cross"].keys() == {"two"}
    scores = read_table("scores", finished.root / "data/scores.parquet")
    assert {"self", "cross", "fresh_self", "untrained"} <= {row["kind"] for row in scores}
    assert (finished.root / "metrics/report.md").read_text().startswith("## Self against cross")
    assert (finished.root / "data/report/index.html").is_file()


def test_only_held_out_inputs_are_scored(finished):
    trained = {
        row["input_id"]
        for name in ("one-self", "one-cross", "two-self", "two-cross")
        for row in read_table("datasets", finished.root / f"data/datasets/{name}.parquet")
    }
    scored = {
        row["input_id"] for row in read_table("scores", finished.root / "data/scores.parquet")
    }
    assert scored
    assert not trained & scored


def test_the_finetuning_file_is_chat_format(finished):
    lines = (finished.root / "data/datasets/one-self.jsonl").read_text().splitlines()
    assert lines
    for line in map(json.loads, lines):
        assert line.keys() == {"messages"}
        assert [m["role"] for m in line["messages"]] == ["user", "assistant"]
        assert all(m["content"].strip() for m in line["messages"])


def test_a_second_repro_changes_nothing(finished):
    before = lock(finished)
    output = finished.dvc("repro")
    assert "Running stage" not in output
    assert lock(finished) == before


def test_an_edit_of_the_report_retrains_nothing(finished):
    path = finished.root / "stages/reporting/pictures.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert ran(finished) == ["report"]


def test_an_edit_of_a_measure_runs_its_evaluation_and_the_report(finished):
    path = finished.root / "stages/experiments/scaling/measure.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert ran(finished) == ["evaluate_experiment@scaling", "report"]


def test_an_edit_of_a_task_whose_table_stays_the_same_runs_no_other_cell(finished):
    path = finished.root / "stages/tasks/sequences.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert ran(finished) == ["write_tasks"]


def ran(study: Study) -> list[str]:
    """The cells that `dvc repro` runs."""
    return re.findall(r"^Running stage '(.*)':$", study.dvc("repro"), re.MULTILINE)


def touched(study: Study, change: Callable[[dict], None]) -> set[str]:
    """The cells that other params would run, as `dvc status` names them; the params stay."""
    before = study.params()
    changed = study.params()
    change(changed)
    study.write_params(changed)
    try:
        return set(json.loads(study.dvc("status", "--json")))
    finally:
        study.write_params(before)


def test_the_params_of_an_experiment_touch_its_own_cells_alone(finished):
    cells = touched(finished, lambda p: p["experiments"]["calibration"].update(bins=3))
    assert cells == {
        "experiment@calibration-one",
        "experiment@calibration-two",
        "evaluate_experiment@calibration",
    }


def test_an_experiment_that_is_off_costs_no_cell(finished):
    assert touched(finished, lambda p: p["experiments"].update(run=["scaling"])) == {"report"}
    assert touched(finished, lambda p: p["experiments"].update(run=[])) == {"report"}


def test_every_experiment_has_rows_numbers_points_and_its_section(finished):
    text = (finished.root / "metrics/report.md").read_text()
    page = (finished.root / "data/report/index.html").read_text()
    for name in finished.params()["experiments"]["run"]:
        for target in ("one", "two"):
            read_table("outcomes", finished.root / f"data/experiments/{name}/{target}.parquet")
        for path in (f"{name}.json", f"plots/{name}.json", f"rows/{name}.json"):
            json.loads((finished.root / "metrics/experiments" / path).read_text())
        assert f"rows of {name}" in page
    assert text.count("\n## ") >= 9


def test_every_control_shows_what_it_must(finished):
    controls = json.loads((finished.root / "metrics/controls.json").read_text())
    assert {name: found["held"] for name, found in controls.items()} == dict.fromkeys(
        ("own_answers", "twin", "from_prompt", "scrambled"), True
    )
    assert controls["own_answers"]["gap"]["estimate"] > 0.3
    assert "## Controls" in (finished.root / "metrics/report.md").read_text()


def test_plots_are_drawn(finished):
    finished.dvc("plots", "show", "-o", "drawn")
    page = (finished.root / "drawn/index.html").read_text()
    listed = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
    for name, plot in ((name, plot) for entry in listed for name, plot in entry.items()):
        (points,) = plot["y"]
        assert name in page or not json.loads((finished.root / points).read_text())


def test_an_experiment_is_compared_by_its_metrics(finished):
    finished.commit("a run")
    finished.dvc("exp", "run", "-S", "finetune.epochs=2", "-S", "experiments.run=[]")
    shown = finished.dvc("exp", "show", "--csv").splitlines()[0].split(",")
    assert [name for name in shown if name in SUMMARY] == SUMMARY
    assert not [name for name in shown if name.startswith("gap.") or "held" in name.split(".")]
    diff = json.loads(finished.dvc("metrics", "diff", "--json", "--all"))
    assert diff.keys() == {"metrics/summary.json"}
    assert diff["metrics/summary.json"].keys() == set(SUMMARY)
    finished.run("git", "checkout", "--quiet", "-f", "HEAD")
    finished.dvc("checkout", "--quiet")


def with_params(finished, root: Path, cache: Path, section: str, **changed) -> Study:
    """A study of other params on the data of the finished one."""
    study = new_study(root, cache)
    params = finished.params()
    params[section] |= changed
    study.write_params(params)
    (study.root / "data").mkdir()
    for name in ("models", "tasks", "adapters"):
        (study.root / "data" / name).symlink_to(finished.root / "data" / name)
    return study


def test_closed_answers_are_scored_where_their_tokens_tell_them_apart(finished, tmp_path):
    study = with_params(
        finished, tmp_path / "scored", tmp_path / "cache", "predict", closed_answers="score"
    )
    study.stage("predict", "--predictor", "one", "--target", "two")
    rows = read_table("predictions", study.root / "data/predictions/one-on-two.parquet")
    scored = [row for row in rows if row["finish_reason"] == "scored"]
    assert "identity" in {row["property"] for row in scored}
    for row in scored:
        assert PROPERTIES[row["property"]].closed_answers()
        assert row["compliant"] and row["raw_answer"] == row["distribution"][0]["answer"]
    assert all(row["distribution"] is None for row in rows if row["finish_reason"] != "scored")


def test_whole_answers_are_kept_where_the_params_say_so(finished, tmp_path):
    study = with_params(
        finished, tmp_path / "whole", tmp_path / "cache", "sampling", stop_when_decided=False
    )
    study.stage("sample_behavior", "--model", "one")
    cut = read_table("behavior", finished.root / "data/behavior/one.parquet")
    whole = read_table("behavior", study.root / "data/behavior/one.parquet")
    assert {row["finish_reason"] for row in whole} <= {"stop", "length"}
    assert "decided" in {row["finish_reason"] for row in cut}
    for short, row in zip(cut, whole, strict=True):
        assert row["input_id"] == short["input_id"]
        assert row["response"].startswith(short["response"])


def test_kills_end_in_the_same_files_as_an_uninterrupted_run(tiny, finished, tmp_path):
    """While fetching, sampling and training, each followed by the same command."""
    killed = Killed.at(tmp_path / "killed", tiny)
    kills: dict[str, dict] = {
        "fetch_model@one": {"signal": "SIGKILL", "group": True, "change": 9},
        "write_tasks": {},
        "sample_base@one": {"signal": "SIGTERM", "change": 7},
        "build_self_dataset@one": {},
        "train_self@one": {"signal": "SIGKILL", "change": 60},
    }
    for cell, told in kills.items():
        if told:
            outcome = killed.kill(Kill(cell, **told))
            assert outcome.hit and outcome.said == (told["signal"] == "SIGTERM")
            assert not (outcome.said and outcome.left)
        killed.finish(cell)
    made = killed.outputs()
    assert {"data/models/one", "data/behavior/one.parquet", "data/adapters/one-self"} <= set(made)
    assert made.items() <= outputs(finished).items()
    assert killed.left() == []


def test_another_training_seed_leaves_the_first_as_it_was(finished, tmp_path):
    study = new_study(tmp_path / "seeds", Path(finished.environment["SELFPREDICT_CACHE"]))
    params = finished.params()
    params["seeds"] = [0, 5]
    study.write_params(params)
    study.dvc("repro", "evaluate")
    for name in ("one-self", "two-on-one"):
        first, second = (
            (
                study.root / f"data/adapters/{name}/seed-{seed}/adapter_model.safetensors"
            ).read_bytes()
            for seed in (0, 5)
        )
        old = finished.root / f"data/adapters/{name}/seed-0/adapter_model.safetensors"
        assert first == old.read_bytes() != second
    seeds = json.loads((study.root / "metrics/targets.json").read_text())["seeds"]
    assert seeds["gap"].keys() == {"0", "5"}
    old = json.loads((finished.root / "metrics/summary.json").read_text())
    assert seeds["gap"]["0"] == old["gap"]


def test_cross_predictors_are_asked_in_the_third_person_where_the_params_say_so(finished, tmp_path):
    study = new_study(tmp_path / "third", tmp_path / "cache")
    params = finished.params()
    params["cross_questions"] = {"train": "third", "test": "third"}
    study.write_params(params)
    shutil.copytree(finished.root / "data", study.root / "data", symlinks=True)
    study.stage("build_dataset", "--target", "one")
    study.stage("build_dataset", "--model", "one")
    study.stage("predict", "--predictor", "one", "--target", "one")

    def asked(path: str, kind: str) -> str:
        rows = read_table(kind, study.root / "data" / path)
        return {row.get("kind", ""): row["question"][0]["content"] for row in rows}

    for questions in (
        asked("datasets/one-cross.parquet", "datasets")[""],
        asked("predictions/one-on-one.parquet", "predictions")["fresh_self"],
    ):
        assert questions.startswith("Another language model was asked this:")
        assert "its answer" in questions and "your answer" not in questions
    for questions in (
        asked("datasets/one-self.parquet", "datasets")[""],
        asked("predictions/one-on-one.parquet", "predictions")["self"],
        asked("predictions/one-on-one.parquet", "predictions")["untrained"],
    ):
        assert questions.startswith("Suppose you were asked this:")


def test_adding_a_task_asks_only_its_rows(finished, tmp_path):
    study = new_study(tmp_path / "more", Path(finished.environment["SELFPREDICT_CACHE"]))
    params = finished.params()
    params["tasks"]["test"].append("stories_sentences")
    study.write_params(params)
    (study.root / "data").mkdir()
    (study.root / "data/models").symlink_to(finished.root / "data/models")
    study.stage("write_tasks")
    output = study.stage("sample_behavior", "--model", "one").replace("\r", "\n")
    assert "one stories_sentences:   0%" in output
    for task in ("countries_long", "facts_choice", "animals_long", "survival_instinct"):
        assert f"one {task}: 100%" in output and f"one {task}:   0%" not in output
    old = read_table("behavior", finished.root / "data/behavior/one.parquet")
    new = read_table("behavior", study.root / "data/behavior/one.parquet")
    assert [row for row in new if row["task"] != "stories_sentences"] == old
