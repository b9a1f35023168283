"""`make run` says where other libraries are installed than dvc.lock was made with."""

from importlib.metadata import version

import pytest
from click.testing import CliRunner

from stages import versions
from stages.storage.errors import StudyError
from tests.conftest import ROOT


def installed() -> dict[str, str]:
    return {name: version(name).partition("+")[0] for name in versions.DECIDING}


@pytest.fixture
def pins(tmp_path):
    def write(found: dict[str, str]):
        path = tmp_path / "constraints.txt"
        lines = [f"{name}=={value}" for name, value in found.items()]
        path.write_text("\n".join(["# What was tested.", "", *lines]) + "\n")
        return path

    return write


def test_nothing_is_said_where_all_are_the_same(pins):
    assert list(versions.others(pins(installed()))) == []


def test_another_version_is_named_with_the_one_of_the_lock(pins):
    path = pins(installed() | {"torch": "0.4.1"})
    assert list(versions.others(path)) == [
        f"torch {version('torch')} is installed; dvc.lock was made with 0.4.1"
    ]


def test_a_library_that_is_missing_is_named(pins, monkeypatch):
    monkeypatch.setattr(versions, "DECIDING", ("no-such-library",))
    path = pins({"no-such-library": "1.0"})
    assert list(versions.others(path)) == [
        "no-such-library is not installed; dvc.lock was made with 1.0"
    ]


def test_a_pin_that_is_missing_is_an_error(pins):
    found = installed()
    del found["numpy"]
    with pytest.raises(StudyError, match=r"constraints\.txt: numpy: no version is named"):
        list(versions.others(pins(found)))


def test_the_command_tells_of_what_is_installed_here(monkeypatch):
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(versions.main, [])
    assert done.exit_code == 0
    assert done.output.splitlines() == list(versions.others(ROOT / versions.PINS))


def test_outside_of_the_project_it_says_where_to_run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(versions.main, [])
    assert done.output == "Error: constraints.txt: no such file; run at the root of the project\n"
