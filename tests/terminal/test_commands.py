"""`python -m stages` lists all commands at once, and each works and completes from there."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from stages.__main__ import main
from stages.terminal.listing import listed
from tests.conftest import ROOT

EVERY = [command for commands in listed().values() for command in commands]
LIST = """
import sys, time
from stages.__main__ import main
main([], standalone_mode=False)
heavy = {"torch", "transformers", "pandas", "pydantic", "numpy"} & sys.modules.keys()
assert not heavy and time.process_time() < 1, (heavy, time.process_time())
"""


def completed(shell: str, *words: str, **more: str) -> str:
    """What the protocol of a shell gets for what was typed: its last word may be begun."""
    typed = {"COMP_WORDS": " ".join(("selfpredict", *words)), "COMP_CWORD": str(len(words))}
    environment = {"_SELFPREDICT_COMPLETE": f"{shell}_complete"} | typed | more
    done = CliRunner().invoke(main, [], prog_name="selfpredict", env=environment)
    assert done.exit_code in (0, 1)  # by which click ends
    return done.output


def test_the_list_has_each_command_with_its_line_and_imports_none():
    done = subprocess.run(
        [sys.executable, "-c", LIST], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for command in EVERY:
        assert any(
            line.split() == [command.name, *command.line.split()]
            for line in done.stdout.splitlines()
        ), command


def test_stages_stand_in_the_order_of_dvc_yaml_and_tools_by_name():
    stages, tools = ([command.name for command in own] for own in listed().values())
    assert stages[:4] == ["fetch_model", "write_tasks", "sample_behavior", "build_dataset"]
    assert stages[-1] == "report"
    assert {"cache", "params", "published", "run", "study.properties"} <= set(tools)
    assert tools == sorted(tools)


def test_without_a_pipeline_here_it_is_that_of_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [command for own in listed().values() for command in own] == EVERY
    (tmp_path / "dvc.yaml").write_text("stages: {report: {cmd: python -m stages.report}}")
    assert [command.name for command in listed()["Stages"]] == ["report"]
    (tmp_path / "dvc.yaml").write_text("stages: [")
    assert listed()["Stages"][0].name == "fetch_model"


@pytest.mark.parametrize("name", [command.name for command in EVERY])
def test_every_command_has_help_with_an_example(name):
    done = CliRunner().invoke(main, [name, "--help"], prog_name="selfpredict")
    assert done.exit_code == 0
    assert done.output.startswith(f"Usage: selfpredict {name} ")
    lines = [line.strip() for line in done.output.splitlines()]
    assert any(f"python -m stages.{name}" in line for line in lines[1:]), done.output


def test_an_example_keeps_its_lines_and_prose_is_wrapped():
    for name, group in (("predict", main), ("predict", None)):
        command = group or import_module("stages.predict").main
        arguments = [name, "--help"] if group else ["--help"]
        text = CliRunner().invoke(command, arguments).output
        assert "\n      python -m stages.predict --predictor gemma3 --target smollm2\n" in text
        assert "\b" not in text
        assert max(map(len, text.splitlines())) <= 80


def test_a_name_that_nobody_has_is_one_line_with_the_nearest():
    done = CliRunner().invoke(main, ["predct"])
    assert done.exit_code == 2
    assert done.output.endswith("no command is called 'predct'; perhaps predict or preset\n")
    done = CliRunner().invoke(main, ["\x1b[2J"])
    assert "\x1b" not in done.output and "there are fetch_model, " in done.output


def test_a_library_that_is_missing_is_one_line(monkeypatch):
    monkeypatch.delitem(sys.modules, "stages.plan", raising=False)
    monkeypatch.setitem(sys.modules, "stages.models.planning", None)
    done = CliRunner().invoke(main, ["plan"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: plan: ") and done.output.count("\n") == 1


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_names_are_completed(shell):
    told = completed(shell, "pre")
    assert "predict" in told and "preset" in told and "plan" not in told
    assert ("what predictors answer" in told) == (shell == "zsh")  # bash shows no help


def test_fish_is_told_of_names_and_lines_too():
    told = completed("fish", COMP_WORDS="selfpredict pre", COMP_CWORD="pre")
    assert "predict" in told and "what predictors answer" in told and "plan\t" not in told


def test_options_are_completed():
    assert completed("bash", "questions", "--").split() == [
        f"plain,--{name}" for name in ("target", "inputs", "person", "help")
    ]
    assert completed("bash", "questions", "--person", "t").split() == ["plain,third"]


def test_names_of_the_study_are_completed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert completed("bash", "questions", "--target", "").split() == []
    params = {
        "subjects": ["left", "right", "le ft", "\x1bl", 3],
        "experiments": {"run": ["scaling"]},
    }
    Path("params.yaml").write_text(yaml.safe_dump(params))
    assert completed("bash", "questions", "--target", "l").split() == ["plain,left"]
    assert completed("bash", "evaluate_experiment", "--experiment", "").split() == ["plain,scaling"]
    Path("params.yaml").write_text("subjects: {a: [}")
    assert completed("bash", "questions", "--target", "").split() == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell):
    environment = {"_SELFPREDICT_COMPLETE": f"{shell}_source"}
    done = CliRunner().invoke(main, [], prog_name="selfpredict", env=environment)
    assert f"_SELFPREDICT_COMPLETE={shell}_complete" in done.output
