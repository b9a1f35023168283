"""The graph of dvc.yaml: what each stage imports is its dependency, and experiments stay apart."""

import ast
from functools import cache
from pathlib import Path

import pytest
import yaml

from stages.params.experiments import EXPERIMENTS
from tests.conftest import ROOT

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
# They only check, carry or name: an edit there changes no result (see the head of dvc.yaml). How an
# organism is grown is watched by the cells of `control`.
CARRIERS = {
    "stages/__init__.py",
    "stages/params.py",
    "stages/task_params.py",
    "stages/experiment_params.py",
    "stages/param_types.py",
    "stages/storage/__init__.py",
    "stages/storage/files.py",
    "stages/storage/response_cache.py",
    "stages/models/__init__.py",
    "stages/models/organism.py",
    "stages/control.py",
    "stages/analysis/__init__.py",
}


def file_of(module: str) -> str | None:
    """The file of a module of ours, relative to the root."""
    base = Path(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if (ROOT / path).is_file():
            return str(path)
    return None


@cache
def imports(path: str) -> frozenset[str]:
    """The files of ours that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stages"):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {file_of(name) or file_of(node.module) for name in names}
    return frozenset(found - {None})


def needed(path: str) -> set[str]:
    """A file with all that it imports, through others too; carriers are not looked into."""
    seen, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file not in seen and file not in CARRIERS:
            seen.add(file)
            waiting += imports(file)
    return seen


def uncovered(stage: dict, *modules: str) -> list[str]:
    deps = [dep for dep in stage["deps"] if dep.startswith("stages/")]
    files = set().union(*(needed(module) for module in modules))
    return sorted(f for f in files if not any(f == d or f.startswith(f"{d}/") for d in deps))


@pytest.mark.parametrize("name", STAGES)
def test_all_that_a_stage_imports_is_watched(name):
    stage = STAGES[name]
    module = stage["cmd"].split()[2].replace(".", "/") + ".py"
    if name.endswith("experiment"):
        room = "experiments" if name == "experiment" else "analysis.experiments"
        for experiment in EXPERIMENTS:
            deps = [dep.replace("${item.experiment}", experiment) for dep in stage["deps"]]
            own = file_of(f"stages.{room}.{experiment}")
            assert own.removesuffix("/__init__.py") in deps
            assert not uncovered({"deps": deps}, module, own), experiment
    else:
        assert not uncovered(stage, module)


def test_every_dependency_on_code_is_there():
    for name, stage in STAGES.items():
        for dep in stage["deps"]:
            assert "$" in dep or not dep.startswith("stages/") or (ROOT / dep).exists(), (name, dep)
