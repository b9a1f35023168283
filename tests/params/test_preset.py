"""Presets: valid parts of params.yaml, as arguments of dvc and written into the file."""

import re
import shlex
import shutil

import pytest
from click.testing import CliRunner
from dvc.utils.hydra import apply_overrides

from stages.params import load_params
from stages.preset import PRESETS, main
from tests.conftest import ROOT

NAMES = sorted(path.stem for path in (ROOT / PRESETS).glob("*.yaml"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the params and the presets of the project."""
    shutil.copytree(ROOT / PRESETS, tmp_path / PRESETS)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize("name", NAMES)
def test_the_arguments_for_dvc_make_the_same_params_as_the_file(project, name):
    result = run(name)
    assert result.exit_code == 0, result.output
    words = shlex.split(result.output)
    assert words[::2] == ["-S"] * (len(words) // 2)
    shutil.copy("params.yaml", "by_dvc.yaml")
    apply_overrides("by_dvc.yaml", words[1::2])
    assert run(name, "--write").exit_code == 0
    assert load_params("by_dvc.yaml") == load_params("params.yaml")


def test_the_laptop_preset_is_the_default_after_any_other(project):
    before = load_params("params.yaml")
    for name in (*NAMES, "laptop"):
        assert run(name, "--write").exit_code == 0
    assert load_params("params.yaml") == before


def test_writing_a_preset_keeps_the_comments(project):
    comments = [line for line in (project / "params.yaml").read_text().splitlines() if "#" in line]
    run("smoke", "--write")
    text = (project / "params.yaml").read_text()
    kept = [line for line in comments if line.split("#", 1)[1] in text]
    assert len(kept) > 0.9 * len(comments)


def test_an_unknown_preset_is_named_with_those_that_are(project):
    result = run("nonsense")
    assert result.exit_code == 1
    assert "presets/nonsense.yaml: no such preset; there are: laptop, paper, smoke" in result.output


def test_a_preset_that_is_wrong_changes_nothing(project):
    before = (project / "params.yaml").read_bytes()
    (project / PRESETS / "bad.yaml").write_text("seed: -1\n")
    result = run("bad", "--write")
    assert result.exit_code == 1 and "seed" in result.output
    assert (project / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    "override", ["finetune.learning_rate=0.001", "seeds=[7]", "experiments.scaling.inputs=20"]
)
def test_a_value_set_by_dvc_changes_one_line_of_the_committed_params(project, override):
    before = (project / "params.yaml").read_text().splitlines()
    apply_overrides("params.yaml", [override])
    after = (project / "params.yaml").read_text().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1 and re.search(r"\d+", override.split("=")[1])[0] in changed[0]


def test_a_written_preset_has_the_form_in_which_dvc_writes(project):
    run("smoke", "--write")
    written = (project / "params.yaml").read_text()
    apply_overrides("params.yaml", ["seed=0"])
    assert (project / "params.yaml").read_text() == written
