"""The graph of dvc.yaml: what each stage imports is its dependency, and rooms stay apart."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from stages.params.experiments import EXPERIMENTS
from stages.params.study import SETTLED
from tests.conftest import ROOT

TEXT = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
STAGES = yaml.safe_load(TEXT)["stages"]
COMMAND = re.compile(r"stages/\w+\.py")
# They only check, carry or name values that are params themselves (see the head of dvc.yaml). What
# is atomic writing and an error to fetch_model, which asks nothing and reads no table, decides no
# byte either.
CARRIERS = ("stages/__init__.py", "stages/params/")
CARRIED = {
    "fetch_model": (
        "stages/models/__init__.py",
        "stages/models/hosted/__init__.py",
        "stages/storage/__init__.py",
        "stages/storage/errors.py",
        "stages/storage/files.py",
        "stages/storage/locks.py",
        "stages/study/__init__.py",
        "stages/study/section.py",
    ),
    "experiment": (
        "stages/experiments/__init__.py",
        "stages/experiments/{experiment}/__init__.py",
        "stages/experiments/{experiment}/params.py",
    ),
    "evaluate_experiment": (
        "stages/experiments/__init__.py",
        "stages/experiments/shared/__init__.py",
        "stages/experiments/shared/told.py",
    ),
    "control": ("stages/controls/__init__.py",),
    "evaluate": ("stages/comparison/__init__.py",),
}


def files_of(module: str) -> set[str]:
    """The files that an import of a module of ours runs, relative to the root: its packages too."""
    found, base = set(), Path()
    for part in module.split("."):
        base /= part
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if (ROOT / path).is_file():
                found.add(str(path))
    return found


@cache
def imports(path: str) -> frozenset[str]:
    """The files of ours that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stages"):
            for alias in node.names:
                found |= files_of(f"{node.module}.{alias.name}")
        if isinstance(node, ast.Import):
            for alias in node.names:
                found |= files_of(alias.name) if alias.name.startswith("stages") else set()
    return frozenset(found)


def needed(path: str) -> set[str]:
    """A file with all that it imports, through others too; carriers are not looked into."""
    seen, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file not in seen and not file.startswith(CARRIERS):
            seen.add(file)
            waiting += imports(file)
    return seen


def command_of(stage: dict) -> str:
    return stage["cmd"].split()[2].replace(".", "/") + ".py"


def uncovered(name: str, experiment: str = "", *more: str) -> list[str]:
    """Files that a stage imports and that are none of its dependencies."""
    deps = [dep.replace("${item.experiment}", experiment) for dep in STAGES[name]["deps"]]
    carried = [path.format(experiment=experiment) for path in CARRIED.get(name, ())]
    files = set().union(*(needed(path) for path in (command_of(STAGES[name]), *more)))
    return sorted(
        f
        for f in files
        if f not in carried and not any(f == dep or f.startswith(f"{dep}/") for dep in deps)
    )


@pytest.mark.parametrize("name", [name for name in STAGES if "experiment" not in name])
def test_all_that_a_stage_imports_is_watched(name):
    assert not uncovered(name)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
@pytest.mark.parametrize(
    ("name", "part"), [("experiment", "run"), ("evaluate_experiment", "measure")]
)
def test_all_that_an_experiment_imports_is_watched(name, part, experiment):
    folder = f"stages.experiments.{experiment}.{part}"
    own = files_of(folder) - files_of(folder.rpartition(".")[0])
    assert own
    assert not uncovered(name, experiment, *own)


def test_the_templates_that_are_filled_in_are_watched_by_the_report():
    deps = STAGES["report"]["deps"]
    templates = [*(ROOT / "stages").rglob("*.j2"), *(ROOT / "stages").rglob("*plot*/*.json")]
    templates += (ROOT / "stages/experiments").glob("*/plot.json")
    assert len(templates) > 2 * len(EXPERIMENTS)
    for path in templates:
        assert any(str(path.relative_to(ROOT)).startswith(f"{dep}/") for dep in deps), path


def test_dependencies_on_code_are_rooms_and_commands_that_are_there():
    for name, stage in STAGES.items():
        for dep in (dep for dep in stage["deps"] if dep.startswith("stages/")):
            for experiment in EXPERIMENTS:
                path = ROOT / dep.replace("${item.experiment}", experiment)
                assert path.is_dir() or (path.is_file() and COMMAND.fullmatch(dep)), (name, dep)


def watching(path: str, experiment: str = "") -> set[str]:
    """The stages that run again when a file of ours is edited, before what they make changes."""
    return {
        name
        for name, stage in STAGES.items()
        for dep in stage["deps"]
        if f"{path}/".startswith(f"{dep.replace('${item.experiment}', experiment)}/")
    }


def test_an_edit_runs_again_what_it_can_change_and_nothing_else():
    assert watching("stages/reporting/pictures.py") == {"report"}
    assert watching("stages/tasks/stories.py") == {"write_tasks"}
    measure = "stages/experiments/scaling/measure.py"
    assert watching(measure, "scaling") == {"evaluate_experiment", "report"}
    assert watching(measure, "calibration") == {"report"}
    assert watching("stages/experiments/scaling/run/__init__.py", "scaling") == {
        "experiment",
        "evaluate_experiment",
        "report",
    }
    assert watching("stages/analysis/intervals.py") == {
        "evaluate",
        "evaluate_controls",
        "evaluate_experiment",
        "judge_cells",
        "evaluate_sensitivity",
    }
    assert watching("stages/controls/instilling/copies.py") == {
        "write_tasks",
        "sensitivity",
        "evaluate_controls",
        "evaluate_sensitivity",
    }


@pytest.mark.parametrize("name", ["report", "evaluate_experiment"])
def test_what_kept_numbers_depend_on_is_watched_where_it_is_told(name):
    assert set(SETTLED) <= set(STAGES[name]["params"])


def test_what_is_drawn_is_made_by_the_default():
    """`dvc plots show` names a file that is not there as one that it failed to load."""
    run = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["experiments"]["run"]
    plots = [name for entry in yaml.safe_load(TEXT)["plots"] for name in entry]
    assert [name for name in plots if name in EXPERIMENTS] == run


def test_cells_are_judged_before_anything_is_scored():
    assert "data/scores.parquet" in STAGES["evaluate"]["outs"]
    assert "data/scores.parquet" not in STAGES["judge_cells"]["deps"]
    assert STAGES["judge_cells"]["outs"] == ["data/cells.parquet"]
    assert "data/cells.parquet" in STAGES["evaluate"]["deps"]


def test_who_is_shown_an_answer_waits_for_it():
    (answers,) = STAGES["sample_target"]["outs"]
    assert answers.replace("item.model", "item.target") in STAGES["predict"]["deps"]


def test_the_graph_is_short_enough_to_be_read():
    assert len(TEXT.encode()) < 12 * 1024
    assert max(map(len, TEXT[: TEXT.index("plots:")].splitlines())) <= 100
