"""A command ends with what it wrote; a person is told what to do next, dvc is not."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stages.terminal import closing
from stages.terminal.closing import Closing, then
from tests.conftest import ROOT


@pytest.fixture
def project(tmp_path, monkeypatch):
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(closing, "given_by_a_person", lambda: True)
    return tmp_path


def write(*paths: str) -> None:
    for path in map(Path, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("new")


@pytest.mark.parametrize(
    ("module", "given", "new", "following"),
    [
        ("fetch_model", {"model": "a"}, ["data/models/a"], "dvc repro sample_base"),
        ("write_tasks", {}, ["data/tasks"], "dvc repro sample_base"),
        ("finetune", {"model": "a"}, ["data/adapters/a-self"], "dvc repro sample_target"),
        (
            "finetune",
            {"predictor": "a", "target": "b"},
            ["data/adapters/a-on-b"],
            "dvc repro predict",
        ),
        (
            "sample_behavior",
            {"model": "a", "trained": True},
            ["data/behavior/a-self.parquet"],
            "dvc repro build_cross_dataset",
        ),
        ("judge_cells", {}, ["data/cells.parquet"], "dvc repro evaluate"),
        (
            "report",
            {},
            ["data/report", "metrics/report.md"],
            "look at data/report, metrics/report.md",
        ),
        (
            "control",
            {"control": "twin", "seed": 3},
            ["data/control_seeds/twin/3"],
            "look at data/control_seeds/twin/3",
        ),
    ],
)
def test_what_is_new_is_named_with_what_follows(project, capsys, module, given, new, following):
    end = Closing(f"stages.{module}", given)
    write(*new)
    end.told()
    assert capsys.readouterr().err == f"wrote {', '.join(new)}\nnext: {following}\n"


def test_what_was_there_before_was_not_written(project, capsys):
    write("data/behavior/a.parquet", "data/embeddings/a.parquet")
    end = Closing("stages.sample_behavior", {"model": "a"})
    Path("data/behavior/a.parquet").unlink()
    write("data/behavior/a.parquet")
    end.told()
    assert capsys.readouterr().err.startswith("wrote data/behavior/a.parquet\n")


def test_after_a_dry_run_nothing_was_written(project, capsys):
    Closing("stages.predict", {"predictor": "a", "target": "b", "dry-run": True}).told()
    assert capsys.readouterr().err == "next: the same command without --dry-run\n"


def test_a_name_acts_on_no_terminal(project, capsys):
    end = Closing("stages.fetch_model", {"model": "\x1b[2J"})
    write("data/models/\x1b[2J")
    end.told()
    assert "\x1b" not in capsys.readouterr().err


def test_a_person_at_a_terminal_is_told_and_dvc_is_not(tmp_path):
    for name in ("presets", "params.yaml"):
        path = ROOT / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, tmp_path / name)
    command = [sys.executable, "-m", "stages.preset", "smoke", "--write"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ours, theirs = pty.openpty()
    done = subprocess.run(command, cwd=tmp_path, env=environment, stdout=theirs, stderr=theirs)
    os.close(theirs)
    assert done.returncode == 0
    assert os.read(ours, 10_000) == b"wrote params.yaml\r\nnext: make run\r\n"
    os.close(ours)


@pytest.mark.parametrize("stage", ["preset", None])
def test_nobody_else_is_told_what_is_next(monkeypatch, capsys, stage):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: stage is not None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    if stage:
        monkeypatch.setenv("DVC_STAGE", stage)
    then("anything")
    assert capsys.readouterr().err == ""
