"""A study on tiny models that ran to its end, once for all processes of the tests."""

import shutil
from pathlib import Path

import pytest
import yaml

from stages.controls.verdicts import CONTROLS
from stages.storage.locks import turn
from tests.cells import run_cells
from tests.conftest import Study, existing_study, new_study, small_params
from tests.tiny_pair import tiny_pair

LONGEST = [
    *("pipeline/test_results.py", "pipeline/test_smollm2.py", "hosted/test_stages.py"),
    *("models/test_fetch_model.py", "pipeline/test_changes.py", "pipeline/test_hosted.py"),
]
"""of each file the processes take the next: the first makes the study, the last two need it"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that at the end no process waits long for the other."""
    items.sort(key=lambda item: _place(item.path))


def _place(path: Path) -> int:
    name = f"{path.parent.name}/{path.name}"
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of the tests see."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "pipeline"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def tiny(shared: Path) -> dict[str, dict]:
    """The models of the study, as params name them."""
    with turn(shared / "models"):
        return tiny_pair(shared)


@pytest.fixture(scope="session")
def original(shared: Path, tiny: dict[str, dict]) -> Study:
    """The study itself, of which everyone takes a copy."""
    root, cache, ended = (shared / name for name in ("study", "cache", "ended"))
    with turn(ended):
        if not ended.exists():
            study = new_study(root, cache)
            study.write_params(small_params(tiny))
            small_controls(study.root / "controls")
            run_cells(study)
            study.dvc("commit", "--force")
            ended.touch()
    return existing_study(root, cache)


def small_controls(folder: Path) -> None:
    """Of controls without a gap a test sees that they run and hold: fewer inputs and steps do."""
    for name, control in CONTROLS.items():
        if not control.gap:
            path = folder / f"{name}.yaml"
            params = yaml.safe_load(path.read_text(encoding="utf-8"))
            params["finetune"]["epochs"] = 6 if control.learned else 2
            params["tasks"]["train_inputs"] = 140 if control.learned else 40
            path.write_text(yaml.safe_dump(params), encoding="utf-8")


@pytest.fixture(scope="module")
def finished(original: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A copy for the tests of a file, which look at it or edit its code."""
    return copy_of(original, tmp_path_factory.mktemp("finished") / "study")


def copy_of(study: Study, root: Path) -> Study:
    """The same study in another folder, with the same cache."""
    shutil.copytree(study.root, root, symlinks=True)
    return existing_study(root, Path(study.environment["SELFPREDICT_CACHE"]))
