"""Every command of docs/compare.md works on a small study of two versions and its experiments."""

import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml
from click.testing import CliRunner

from tests.comparison.history import History
from tests.conftest import ROOT

PAGE = (ROOT / "docs/compare.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [shlex.split(line) for block in BLOCKS for line in block.splitlines()]
DVC = """
import shlex, sys
from dvc.cli import main
sys.exit(any([main(shlex.split(line)) for line in sys.stdin]))
"""
"""all of dvc's commands in one process, whose libraries take seconds to load"""


@pytest.fixture
def study(history: History) -> History:
    """A repository of dvc, as the page has it: `main`, and the experiments `slower`, `slowest`."""
    shutil.copytree(ROOT / ".dvc", ".dvc", ignore=shutil.ignore_patterns("tmp", "cache", "*.local"))
    stages = {"train": {"cmd": "true", "params": ["finetune"]}}
    told = {"stages": stages, "metrics": ["metrics/summary.json"]}
    (history.root / "dvc.yaml").write_text(yaml.safe_dump(told))
    base = history.commit("dvc")
    for name, rate in (("slower", 1e-4), ("slowest", 1e-5)):
        history.write_params(finetune__learning_rate=rate)
        history.git("checkout", "--quiet", "one", "--", "metrics")
        history.experiment(name, base)
    return history


def test_commands_are_of_this_project_or_of_dvc():
    assert len(COMMANDS) >= 10 and len(BLOCKS) == PAGE.count("```") / 2
    assert {command[0] for command in COMMANDS} == {"python", "dvc"}


def test_every_command_of_ours_works(study):
    for command in COMMANDS:
        if command[0] == "python":
            _, _, module, *arguments = command
            done = CliRunner().invoke(importlib.import_module(module).main, arguments)
            # A review of what was committed without a run of dvc says so, and ends with 1.
            expected = int(module == "stages.review")
            assert done.exit_code == expected, (command, done.output, done.exception)
    for made in ("slower.html", "sweep.svg", "sweep.html", "comment.md"):
        assert (study.root / made).stat().st_size > 1000, made


def test_every_command_of_dvc_works_and_shows_sixteen_metrics_at_most(study):
    lines = [shlex.join(command[1:]) for command in COMMANDS if command[0] == "dvc"]
    lines.append("exp show --csv")
    command = [sys.executable, "-c", DVC]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    csv = done.stdout[done.stdout.index("Experiment,rev,") :]
    summary = json.loads((study.root / "metrics/summary.json").read_text(encoding="utf-8"))
    columns = csv.splitlines()[0].split(",")
    assert set(summary) <= set(columns) and len(summary) <= 16
    assert "slower" in csv and "finetune.learning_rate" in done.stdout


def test_the_project_has_one_file_of_metrics():
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    found = [name for stage in stages.values() for of in stage.get("metrics", []) for name in of]
    assert found == ["metrics/summary.json"]
