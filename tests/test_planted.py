"""What stands in params.yaml is never run, and deletes nothing but what a stage makes."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo

from tests.conftest import ROOT, new_study

TOUCH = "touch PWNED"
PLANTED = [
    f"x; {TOUCH}; true",
    f"$({TOUCH})",
    f"`{TOUCH}`",
    f"' ; {TOUCH} '",
    f'" && {TOUCH} "',
    f"a\n{TOUCH}\n",
    f"x | {TOUCH}",
    "--help",
    "-rf *",
    "${seed}",
    "\\",
    "~",
]
ARGUMENTS = "#!/bin/sh\nprintf '%s\\0' \"$@\"\n"


def params(**planted: list) -> dict:
    """The project's params with other subjects, or other experiments that run."""
    told = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    told["subjects"] = planted.get("subjects", told["subjects"])
    model = {"source": "path:" + PLANTED[1]}
    told["models"] |= {name: model for name in told["subjects"] if isinstance(name, str)}
    told["experiments"]["run"] = planted.get("run", told["experiments"]["run"])
    return told


@pytest.fixture
def graph(tmp_path: Path):
    """A folder with the graph of the project; gives the cells that dvc makes of params."""
    (tmp_path / "dvc.yaml").write_bytes((ROOT / "dvc.yaml").read_bytes())
    Repo.init(str(tmp_path), no_scm=True)

    def cells(told: dict) -> dict[str, str]:
        text = yaml.safe_dump(told, allow_unicode=True)
        (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
        index = Repo(str(tmp_path)).index
        if told["subjects"] != PLANTED:  # where some hold a file's separator, or nothing else
            index.check_graph()
        return {stage.addressing: stage.cmd for stage in index.stages}

    return cells


def told_by_a_shell(command: str, folder: Path) -> list[str]:
    """The arguments with which a shell would start Python."""
    python = folder / "bin/python"
    python.parent.mkdir(exist_ok=True)
    python.write_text(ARGUMENTS)
    python.chmod(0o755)
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, shell=True, cwd=folder, env={"PATH": path}, capture_output=True, check=True
    )
    return done.stdout.decode().split("\0")[:-1]


def test_a_command_gets_the_very_text_of_an_id_as_its_option(graph, tmp_path):
    cells = graph(params(subjects=PLANTED, run=PLANTED))
    asked = set()
    for command in cells.values():
        start, module, *options = told_by_a_shell(command, tmp_path)
        assert (start, module.split(".")[0]) == ("-m", "stages")
        options = [option for option in options if option not in ("--trained", "--embed")]
        names = dict(zip(options[::2], options[1::2], strict=True))
        assert set(names) <= {"--model", "--predictor", "--target", "--control", "--experiment"}
        asked |= {(module, name, value) for name, value in names.items() if name != "--control"}
    assert {value for _, _, value in asked} == set(PLANTED)
    assert len(asked) == len(PLANTED) * 13
    assert not list(tmp_path.rglob("*PWNED*"))


@pytest.mark.parametrize("key", ["subjects", "run"])
@pytest.mark.parametrize("item", [{f"x; {TOUCH}": "y"}, [f"x; {TOUCH}"], [[f"$({TOUCH})"]]])
def test_an_item_that_is_no_text_makes_no_command(graph, key, item):
    with pytest.raises(DvcException, match="Cannot interpolate"):
        graph(params(**{key: [item]}))


@pytest.mark.parametrize("up", ["../x", "../../x", "../models/x", "a/../../x", "../../../../x"])
@pytest.mark.parametrize("key", ["subjects", "run"])
def test_an_id_that_leaves_its_folder_is_refused_before_anything_is_deleted(graph, key, up):
    with pytest.raises(DvcException, match=r"specified in|overlap"):
        graph(params(**{key: [up]}))


def test_no_command_has_a_value_that_dvc_does_not_quote():
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for stage in stages.values():
        assert "${" not in stage["cmd"].replace("${item}", "")
        axes = stage.get("matrix", {})
        assert ("${item}" in stage["cmd"]) == bool(axes)
        outs = yaml.safe_dump(stage.get("outs"))
        for axis in axes:  # where an item is a mapping, dvc quotes no key of it and stops at a path
            assert f"${{item.{axis}}}" in outs


@pytest.mark.parametrize(
    ("subjects", "run", "told"),
    [
        (PLANTED[:4], [PLANTED[4]], "Error: params.yaml: "),
        (["../../mywork"], ["../../mywork"], "output 'mywork.parquet' is already specified in"),
    ],
)
def test_dvc_repro_runs_and_deletes_nothing_that_params_name(tmp_path, subjects, run, told):
    study = new_study(tmp_path / "study", tmp_path / "cache")
    study.write_params(params(subjects=subjects, run=run))
    own = [study.root / name for name in ("mywork/a", "mywork-self.parquet", "mywork.json")]
    own[0].parent.mkdir()
    for path in own:
        path.write_text("mine")
    assert told in study.fails("dvc", "repro")
    assert not list(tmp_path.rglob("*PWNED*"))
    assert [path.read_text() for path in own] == ["mine"] * 3
