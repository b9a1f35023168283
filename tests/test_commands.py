"""Every command says in one line what it lacks, whatever it is given and in whichever order."""

import importlib
import re
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from stages.storage.tables import write_table
from tests.conftest import ROOT

COMMANDS = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__")
# What each is given, and what it says where it is the first command of a study.
FIRST = {
    "build_dataset": (["--model", "smollm2"], "data/behavior/smollm2.parquet"),
    "evaluate": ([], "data/tasks/colors.parquet: no such table; run `dvc repro`"),
    "control_seeds": ([], "data/control_seeds: no control has 2 runs; make some with"),
    "evaluate_controls": ([], "data/controls/own_answers: no such study; run `dvc repro`"),
    "evaluate_experiment": (
        ["--experiment", "scaling"],
        "data/experiments/scaling/smollm2.parquet: no such table",
    ),
    "experiment": (
        ["--experiment", "scaling", "--target", "smollm2"],
        "no such table; run `dvc repro`",
    ),
    "finetune": (
        ["--model", "smollm2"],
        "data/datasets/smollm2-self.parquet: no such table; run `dvc repro`",
    ),
    "judge_cells": ([], "data/tasks/animals.parquet: no such table; run `dvc repro`"),
    "plan": ([], "data/models/smollm2: no model here; run `dvc repro`"),
    "predict": (
        ["--predictor", "smollm2", "--target", "smollm2"],
        "data/tasks/animals.parquet: no such table",
    ),
    "questions": (
        ["--target", "smollm2", "given/anna.csv"],
        "data/tasks/animals.parquet: no such table",
    ),
    "evaluate_sensitivity": ([], "data/sensitivity/smollm2: no such study; run `dvc repro`"),
    "sensitivity": (
        ["--model", "smollm2"],
        "data/models/smollm2: no model here; run `dvc repro`",
    ),
    "sensitivity_runs": ([], "data/sensitivity_runs: no runs; make some with"),
    "report": ([], "no such file; run `dvc repro` to make it"),
    "sample_behavior": (
        ["--model", "smollm2"],
        "data/models/smollm2: no model here; run `dvc repro`",
    ),
    "training_seeds": ([], "data/scores.parquet: no such table; run `dvc repro`"),
}
# What each says of a name that nobody knows.
UNKNOWN = {
    "compare": (["../a"], "not a git repository"),
    "build_dataset": (
        ["--target", "../a"],
        "params.yaml: subjects: '../a' is no subject; allowed: ",
    ),
    "control": (
        ["--control", "../params"],
        "controls/../params.yaml: no such control; there are: ",
    ),
    "evaluate_experiment": (
        ["--experiment", "run"],
        "experiments: 'run' is no experiment; allowed: ",
    ),
    "experiment": (["--experiment", "../a", "--target", "smollm2"], "'../a' is no experiment"),
    "fetch_model": (["--model", ".."], "params.yaml: models: '..' is no model; allowed: smollm2"),
    "finetune": (["--predictor", "smollm2", "--target", "../a"], "'../a' is no subject; allowed: "),
    "predict": (["--predictor", "", "--target", "smollm2"], "'' is no subject; allowed: smollm2"),
    "questions": (["--target", "up", "a.csv"], "'up' is no subject; allowed: smollm2, gemma3"),
    "sample_behavior": (
        ["--trained", "--model", "-x"],
        "'-x' is no subject; allowed: smollm2, gemma3",
    ),
    "sensitivity": (["--model", "../a"], "'../a' is no subject; allowed: smollm2, gemma3"),
    "preset": (["../params"], "presets/../params.yaml: no such preset; there are: "),
    "published_params": (["nonsense"], "nonsense: "),
}
# They need nothing that another command makes.
ALONE = {
    "__main__",
    "cache",
    "compare",
    "control",
    "fetch_model",
    "preset",
    "published_params",
    "run",
    "review",
    "simulation",
    "versions",
    "write_tasks",
}


def run(name: str, arguments: list[str]) -> tuple[int, str]:
    command = importlib.import_module(f"stages.{name}").main
    assert isinstance(command, click.Command)
    done = CliRunner().invoke(command, arguments)
    assert isinstance(done.exception, SystemExit) or done.exception is None, done.exc_info
    assert "Error: unexpected" not in done.output
    return done.exit_code, done.output


def last_line(output: str) -> str:
    return output.strip().splitlines()[-1]


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    for name in ("params.yaml", "controls", "presets"):
        path = ROOT / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_every_command_is_tried():
    assert set(FIRST) | ALONE == set(COMMANDS)


@pytest.mark.parametrize("name", FIRST)
def test_a_command_that_comes_too_early_names_what_it_lacks(project, name):
    arguments, message = FIRST[name]
    code, output = run(name, arguments)
    assert code == 1
    assert last_line(output).startswith("Error: ") and message in last_line(output)


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_one_line(project, name):
    arguments, message = UNKNOWN[name]
    code, output = run(name, arguments)
    assert code in (1, 2)
    assert message in last_line(output)


@pytest.mark.parametrize("name", [name for name in FIRST if FIRST[name][0]])
def test_a_command_without_its_arguments_says_how_it_is_used(project, name):
    code, output = run(name, [])
    assert code == 2
    assert "Usage: " in output
    assert re.search("Error: (Missing (option|argument)|Name --model)", output)


BROKEN = {
    "build_dataset": "data/behavior/smollm2.parquet",
    "evaluate": "data/tasks/colors.parquet",
    "evaluate_experiment": "data/experiments/scaling/smollm2.parquet",
    "finetune": "data/datasets/smollm2-self.parquet",
    "judge_cells": "data/tasks/animals.parquet",
    "predict": "data/tasks/animals.parquet",
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("content", ["not parquet", "another table"])
def test_a_broken_table_is_named(project, name, content):
    path = project / BROKEN[name]
    path.parent.mkdir(parents=True)
    if content == "another table":
        kind = "tasks" if "behavior" in BROKEN[name] else "behavior"
        write_table(kind, [], path)
    else:
        path.write_text(content)
    code, output = run(name, FIRST[name][0])
    assert code == 1
    assert last_line(output).startswith(f"Error: {BROKEN[name]}: ")


def test_params_that_are_wrong_end_every_command_that_reads_them(project):
    (project / "params.yaml").write_text("seed: -1\n")
    for name in FIRST:
        if "control" in name:  # they read those of the controls
            continue
        for arguments in (FIRST[name][0], FIRST[name][0][:-1]):  # dvc writes `true` as no value
            code, output = run(name, arguments)
            assert code == 1 and "params.yaml: seed: -1: Input should be" in output, name
