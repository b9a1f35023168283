"""What took long to make is made once, and again only where it is no longer as it was made."""

import shutil
from pathlib import Path

import pytest

from stages.storage.errors import StudyError
from stages.storage.inventory import ASIDE, bundles
from stages.storage.kept_folders import copy_kept, kept_folder, made_once, parts_file
from stages.storage.pruning import prune


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def made() -> list[Path]:
    return []


@pytest.fixture
def adapter(cache, made):
    def make(folder: Path) -> None:
        (folder / "dvclive").mkdir()
        (folder / "dvclive/loss.tsv").write_text("1")
        (folder / "weights").write_bytes(b"weights" * 99)
        made.append(folder)

    return lambda: made_once(kept_folder("adapters", "one", {"rows": 1}), make)


def cut(folder: Path) -> None:
    (folder / "weights").write_bytes(b"weights" * 50)


def one_bit(folder: Path) -> None:
    (folder / "weights").write_bytes(b"weights" * 98 + b"weightr")


def lost(folder: Path) -> None:
    (folder / "dvclive/loss.tsv").unlink()


def half_there(folder: Path) -> None:
    (folder / ".files.json").unlink()


def list_cut(folder: Path) -> None:
    (folder / ".files.json").write_text('{"weights": ')


def list_empty(folder: Path) -> None:
    (folder / ".files.json").write_text("{}")


def list_of_pairs(folder: Path) -> None:
    (folder / ".files.json").write_text("[]")


def list_deep(folder: Path) -> None:
    (folder / ".files.json").write_text("[" * 200_000)


def list_a_folder(folder: Path) -> None:
    (folder / ".files.json").unlink()
    (folder / ".files.json").mkdir()


def one_more(folder: Path) -> None:
    (folder / "dvclive/more").write_text("1")


def a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("no folder")


def test_what_is_whole_is_made_once(adapter, made):
    assert adapter() == adapter() and len(made) == 1


LISTS = [half_there, list_cut, list_empty, list_of_pairs, list_deep, list_a_folder]


@pytest.mark.parametrize("damage", [cut, one_bit, lost, one_more, *LISTS, a_file])
def test_a_damaged_folder_is_named_set_aside_and_made_anew(adapter, made, cache, caplog, damage):
    folder = adapter()
    damage(folder)
    assert adapter() == folder and len(made) == 2
    assert (folder / "weights").read_bytes() == b"weights" * 99
    aside = folder.with_name(f"{folder.name}.damaged")
    assert aside.exists() and [m for m in caplog.messages if m.startswith(f"{folder}: damaged: ")]
    assert adapter() == folder and len(made) == 2
    (damaged,) = [bundle for bundle in bundles(cache) if bundle.subject == ASIDE]
    prune(cache, [damaged])
    assert not aside.exists() and [bundle.subject for bundle in bundles(cache)] == ["one"]


@pytest.mark.parametrize("text", ["", "{", "[1]", "[" * 200_000, '{"subject": "one", "parts": 3}'])
def test_broken_parts_are_written_again_and_cost_nothing(adapter, made, cache, text):
    beside = parts_file(adapter())
    beside.write_text(text)
    assert [bundle.subject for bundle in bundles(cache)] == ["(an earlier version)"]
    adapter()
    assert len(made) == 1 and [bundle.subject for bundle in bundles(cache)] == ["one"]


def test_a_copy_is_what_was_made_and_nothing_else(adapter, tmp_path):
    copy_kept(adapter(), tmp_path / "copy")
    files = sorted(p.relative_to(tmp_path / "copy") for p in (tmp_path / "copy").rglob("*.*"))
    assert [str(p) for p in files] == ["dvclive/loss.tsv"]
    assert (tmp_path / "copy/weights").is_file()


def test_what_cannot_be_made_leaves_nothing(cache):
    folder = kept_folder("adapters", "one", {"rows": 1})

    def fails(partial: Path) -> None:
        (partial / "weights").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(StudyError, match=r"No space left on device; nothing of it was kept"):
        made_once(folder, fails)
    assert list(folder.parent.iterdir()) == [parts_file(folder)]
