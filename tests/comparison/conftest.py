"""Two versions of a small study, made once for all tests of a process."""

import shutil
from pathlib import Path

import pytest

from tests.comparison.history import History, evaluate_changed, make_history


@pytest.fixture(scope="session")
def evaluated_twice(evaluated_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second version of the study; it is not to be changed."""
    root = tmp_path_factory.mktemp("second") / "study"
    shutil.copytree(evaluated_once, root)
    evaluate_changed(root)
    return root


@pytest.fixture(scope="session")
def history_once(
    evaluated_once: Path, evaluated_twice: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    root = tmp_path_factory.mktemp("history")
    return make_history(root, evaluated_once, evaluated_twice).root


@pytest.fixture
def history(history_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    """A copy of the repository in the working folder."""
    root = tmp_path / "history"
    shutil.copytree(history_once, root)
    monkeypatch.chdir(root)
    return History(root)
