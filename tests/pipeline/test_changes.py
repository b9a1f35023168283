"""Other params on the data of a finished study, and kills that it does not show."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from stages.storage.tables import read_table
from stages.study.properties import PROPERTIES
from tests.cells import run_cells
from tests.conftest import Study, new_study
from tests.kills.campaign import Kill, Killed
from tests.pipeline.conftest import copy_of
from tests.pipeline.test_results import EVERYWHERE, SUMMARY

pytestmark = pytest.mark.slow
BESIDE = ("control", "evaluate_controls", "sensitivity", "evaluate_sensitivity", "report")
"""stages that no training seed of the main study moves, and the report of all"""


def test_an_experiment_is_compared_by_its_metrics(finished, tmp_path):
    study = copy_of(finished, tmp_path / "experiment")
    study.commit("a run")
    changed = "experiments.run=[calibration]", "experiments.calibration.bins=3"
    study.dvc("exp", "run", "-S", changed[0], "-S", changed[1])
    shown = study.dvc("exp", "show", "--csv").splitlines()[0].split(",")
    assert [n for n in shown if n in SUMMARY] == [n for n in SUMMARY if n in EVERYWHERE]
    assert not [name for name in shown if name.startswith("gap.") or "held" in name.split(".")]
    diff = json.loads(study.dvc("metrics", "diff", "--json", "--all"))
    assert diff.keys() == {"metrics/summary.json"}
    assert diff["metrics/summary.json"].keys() == EVERYWHERE


def test_another_training_seed_leaves_the_first_as_it_was(finished, tmp_path):
    study = copy_of(finished, tmp_path / "seeds")
    params = study.params()
    params["experiments"]["run"] = []
    study.write_params(params | {"seeds": [0, 5]})
    run_cells(study, BESIDE)
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
    assert seeds["by"].keys() == {"0", "5"}
    old = json.loads((finished.root / "metrics/summary.json").read_text())
    assert seeds["by"]["0"] == old["gap"]


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


def outputs(study: Study) -> dict[str, str]:
    lock = yaml.safe_load((study.root / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    return {o["path"]: o["md5"] for cell in lock.values() for o in cell.get("outs", [])}


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


def test_other_models_are_asked_in_the_person_that_the_params_say(finished, tmp_path):
    study = new_study(tmp_path / "second", tmp_path / "cache")
    params = finished.params()
    assert params["cross_questions"] == {"train": "third", "test": "third"}
    params["cross_questions"] = {"train": "second", "test": "second"}
    study.write_params(params)
    shutil.copytree(finished.root / "data", study.root / "data", symlinks=True)
    study.stage("build_dataset", "--target", "one")

    def asked(root: Path, kind: str, name: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for row in read_table(kind, root / f"data/{kind}/{name}.parquet"):
            first = row["question"][0]["content"].split("\n")[0]
            found.setdefault(row.get("kind", ""), set()).add(first)
        return found

    second, third = {"Suppose you were asked this:"}, {"Another language model was asked this:"}
    for root, cross in ((finished.root, third), (study.root, second)):
        assert asked(root, "datasets", "one-cross") == {"": cross}
        assert asked(root, "datasets", "one-fresh") == {"": second}
    assert asked(finished.root, "predictions", "two-on-one")["cross"] == third
    own = asked(finished.root, "predictions", "one-on-one")
    assert own == dict.fromkeys(("untrained", "self", "fresh_self"), second)


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
