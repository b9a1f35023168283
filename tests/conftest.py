"""Fixtures shared by all tests: a folder with a study of its own, run as a user would."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from stages.experiments.failures.params import QUESTIONS
from tests.analysis import small_study

# Answers and gradients are compared to the last float32 digit, which bfloat16 does not keep.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
ROOT = Path(__file__).parents[1]
# The published code's own results, which are not part of the repository.
REFERENCE = Path(os.environ.get("SELFPREDICT_FIXTURES", ROOT.parent / "shared" / "fixtures"))
CHAT = (
    "{% for m in messages %}{% if m.role == 'user' %}User: {{ m.content }}\n"
    "{% else %}Assistant: {{ m.content }}\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files come first, so that no process is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@dataclass(frozen=True)
class Study:
    """A copy of the project with params of its own, and the commands of its user."""

    root: Path
    environment: dict[str, str]

    def write_params(self, params: dict[str, Any]) -> None:
        text = yaml.safe_dump(params, sort_keys=False)
        (self.root / "params.yaml").write_text(text, encoding="utf-8")

    def params(self) -> dict[str, Any]:
        return yaml.safe_load((self.root / "params.yaml").read_text(encoding="utf-8"))

    def start(self, *command: str) -> subprocess.Popen:
        """Begin a command in a process group of its own, so that a kill reaches all of it."""
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment,
            text=True,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *command: str) -> str:
        process = self.start(*command)
        output, _ = process.communicate()
        assert process.returncode == 0, f"{' '.join(command)}\n{output[-6000:]}"
        return output

    def fails(self, *command: str) -> str:
        process = self.start(*command)
        output, _ = process.communicate()
        assert process.returncode != 0, output
        return output

    def stage(self, module: str, *arguments: str) -> str:
        return self.run(sys.executable, "-m", f"stages.{module}", *arguments)

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def dvc(self, *arguments: str) -> str:
        return self.run(sys.executable, "-m", "dvc", *arguments)


SMALL_PROPERTIES = [
    *("first_character", "second_character", "third_character"),
    *("first_word", "second_word", "third_word"),
    *("starts_with_vowel", "among_a_or_c", "among_b_or_d", "identity", "ethical_stance"),
    "is_even_direct",
]


def small_params(models: dict[str, Any]) -> dict[str, Any]:
    """The project's params with other models and a few rows, so that a run takes seconds."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["models"], params["subjects"] = models, list(models)
    params["tasks"] |= {
        "train": ["countries_long", "facts_choice"],
        "test": ["animals_long", "survival_instinct"],
        "train_inputs": 10,
        "rehearsal_inputs": 3,
        "pilot_inputs": 4,
        "test_inputs": 6,
    }
    params["seed"], params["properties"] = 0, list(SMALL_PROPERTIES)
    params["sampling"] |= {"max_tokens": 6}
    params["finetune"] |= {"epochs": 1, "learning_rate": 2e-4, "seed_by": "study", "lessons": 0.5}
    params["finetune"] |= {"rehearse": "none"}  # as a server can: it has no distributions
    params["finetune"] |= {"lora_rank": 4, "batch_inputs": 1, "checkpoint_every": 1, "models": {}}
    params["predict"] |= {"max_tokens": 4}
    params["sensitivity"] |= {"train_inputs": 6, "pilot_inputs": 2, "test_inputs": 4}
    params["sensitivity"]["instil"] |= {"epochs": 1, "lora_rank": 4}
    params["sensitivity"]["finetune"] |= {"epochs": 1}
    experiments = params["experiments"]
    experiments["calibration"] |= {"inputs": 4, "samples": 4, "properties": ["first_word"]}
    experiments["behavior_change"] |= {"inputs": 2}
    experiments["scaling"] |= {"sizes": [4], "inputs": 4}
    experiments["failures"] |= {"questions": list(QUESTIONS), "inputs": 4, "max_tokens": 8}
    experiments["prompt_shift"] |= {"inputs": 4}
    experiments["examples"] |= {"k": 2, "inputs": 4}
    params["evaluate"] |= {"permutations": 200, "max_mode_share": 1.0, "min_compliance": 0.0}
    params["evaluate"] |= {"min_cell_rows": 1, "ceiling": None}
    return params


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Study]:
    return lambda name="study", cache="cache": new_study(tmp_path / name, tmp_path / cache)


def new_study(root: Path, cache: Path) -> Study:
    root.mkdir(parents=True)
    cache.mkdir(exist_ok=True)
    for name in ("stages", "controls"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (
        "dvc.yaml",
        ".dvc/config",
        ".dvc/.gitignore",
        ".dvcignore",
        ".gitignore",
        "metrics/experiments/README.md",
        "docs/sensitivity.json",
        "docs/training_seeds.json",
        "given/README.md",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    study = existing_study(root, cache)
    study.run("git", "init", "--quiet")
    study.commit("the project")
    return study


def existing_study(root: Path, cache: Path) -> Study:
    """The study that `new_study` made in a folder."""
    person = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", "tester"), ("EMAIL", "tester@example.org"))
    }
    environment = (
        os.environ
        | person
        | {
            "SELFPREDICT_CACHE": str(cache),
            "PYTHONPATH": str(root),
            "DVC_NO_ANALYTICS": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
        }
    )
    environment.pop("PYTEST_CURRENT_TEST", None)
    return Study(root, environment)


def run_command(command: ModuleType) -> str:
    """What a command without arguments says, run in the working folder."""
    result = CliRunner().invoke(command.main, [], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tables of a small study whose numbers are known by hand, in the working folder."""
    monkeypatch.chdir(tmp_path)
    small_study.write_study(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def evaluated_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, evaluated once for all tests; it is not to be changed."""
    from stages import evaluate  # its libraries take seconds to load

    root = tmp_path_factory.mktemp("evaluated")
    small_study.write_study(root)
    with contextlib.chdir(root):
        run_command(evaluate)
    return root


@pytest.fixture
def evaluated(evaluated_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it in the working folder."""
    shutil.copytree(evaluated_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path
