"""The import rules of pyproject.toml: each holds, each bites, none is ignored."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from stages.params.experiments import EXPERIMENTS
from tests.conftest import ROOT

RULES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in RULES["contracts"]}
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
X, Y = EXPERIMENTS[:2]


def broken(root: Path) -> list[str]:
    """The ids of the contracts that the project in a folder breaks."""
    command = [sys.executable, "-c", LINT, "--no-logo"]
    environment = {"PYTHONPATH": str(root), "COLUMNS": "300"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return [name for name, c in CONTRACTS.items() if f"{c['name']} KEPT" not in done.stdout]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    root = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(ROOT / "stages", root / "stages", ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def with_import(house):
    """Adds an import to a module of the copy, for one test."""
    path, text = house, ""

    def add(module: str, line: str) -> None:
        nonlocal path, text
        path = house / "stages" / module
        text = path.read_text(encoding="utf-8")
        # In a function: an import that is put off counts too.
        path.write_text(f"{text}\n\ndef late() -> None:\n    {line}\n", encoding="utf-8")

    yield add
    path.write_text(text, encoding="utf-8")


def test_all_rules_hold(house):
    assert broken(house) == []


@pytest.mark.parametrize(
    ("rule", "module", "line"),
    [
        ("rooms", "storage/files.py", "import stages.study.splits"),
        ("rooms", "study/truth.py", "import stages.params"),
        ("rooms", "models/questions.py", "import stages.predict"),
        ("rooms", "tasks/stories.py", "import stages.models.chat"),
        ("rooms", "experiment.py", "import stages.report"),
        ("circles", "study/splits.py", "import stages.study.datasets"),
        ("study", "study/truth.py", "import stages.storage.tables"),
        ("analysis", "analysis/scoring.py", "import stages.models.sampling"),
        ("analysis", "analysis/scoring.py", "import stages.tasks"),
        ("comparison", "comparison/lock.py", "import stages.models.section"),
        ("comparison-rows", "comparison/rows/making.py", "import stages.reporting.tables"),
        ("controls", "controls/organisms/codes.py", "import stages.analysis.intervals"),
        ("reporting", "reporting/__init__.py", "import stages.tasks"),
        ("reporting-published", "reporting/__init__.py", "import stages.published.compliance"),
        ("experiments", f"experiments/{X}/run/__init__.py", "import stages.tasks.values"),
        ("run", f"experiments/{X}/run/__init__.py", "import stages.analysis.intervals"),
        ("measure", f"experiments/{X}/measure.py", "import stages.models.questions"),
        ("apart", f"experiments/{X}/run/__init__.py", f"import stages.experiments.{Y}.run"),
        ("apart", f"experiments/{X}/run/__init__.py", f"import stages.experiments.{X}.measure"),
        ("torch", "tasks/section.py", "import torch"),
        ("torch", "models/section.py", "import transformers"),  # of a chain that begins in params
        ("torch", f"experiments/{X}/params.py", "import peft"),
        ("click", "models/sampling.py", "import click"),
    ],
)
def test_a_rule_is_broken_by_what_it_forbids(house, with_import, rule, module, line):
    with_import(module, line)
    assert rule in broken(house)


def test_no_import_is_ignored():
    assert not {"ignore_imports", "exhaustive_ignores"} & {k for c in CONTRACTS.values() for k in c}


def test_study_may_import_the_error_class_of_storage_and_nothing_else():
    storage = {path.stem for path in (ROOT / "stages/storage").iterdir() if path.name[0] != "_"}
    forbidden = {f"stages.storage.{name}" for name in storage - {"errors"}}
    assert set(CONTRACTS["study"]["forbidden_modules"]) == forbidden


def test_an_experiment_imports_of_the_others_what_they_share():
    for name in EXPERIMENTS:
        for path in (ROOT / "stages/experiments" / name).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            others = [other for other in EXPERIMENTS if other != name]
            assert not any(f"stages.experiments.{other}" in text for other in others), path
