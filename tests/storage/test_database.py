"""The answers' file damaged, read-only, busy or on a full disk: a line, and nothing is lost."""

import contextlib
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stages.storage import database
from stages.storage.errors import StudyError
from stages.storage.inventory import ASIDE, bundles
from stages.storage.pruning import prune
from stages.storage.response_cache import AnswerKey, ResponseCache, cache_folder

KEYS = [AnswerKey("one", ("input", n), {"weights": "w"}, {"n": n}) for n in range(40)]
KILLED = """
    import os, sys
    from pathlib import Path
    from stages.storage.response_cache import AnswerKey, ResponseCache
    cache = ResponseCache(Path(sys.argv[1]))
    cache.put([(AnswerKey("one", ("input", 40), {"weights": "w"}, {"n": 40}), {"text": "x"})])
    os.kill(os.getpid(), 9)
"""
LATE = AnswerKey("one", ("input", 40), {"weights": "w"}, {"n": 40})
NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A cache that any user can reach, with some answers, as another user than root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled(folder / "answers.sqlite")
        yield folder
        folder.chmod(0o755)


@pytest.fixture
def reader(folder) -> Iterator[Callable[[], None]]:
    """From its call on nothing in the folder can be written by this process."""

    def become() -> None:
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
        if os.getuid() == 0:
            os.seteuid(NOBODY)

    yield become
    if os.getuid() == 0:
        os.seteuid(0)


def filled(path: Path) -> Path:
    with ResponseCache(path) as cache:
        cache.put((key, {"text": f"answer {key.own['n']}"}) for key in KEYS)
    return path


def killed_writer(path: Path) -> None:
    """Adds an answer and dies, so that it is in the write-ahead log alone."""
    subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(path)])
    assert path.with_name("answers.sqlite-wal").stat().st_size


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all " * 500)


def pages_of_it(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for start in range(4096, len(data), 4096):
        data[start : start + 256] = bytes(range(256))
    path.write_bytes(data)


def other_tables(path: Path) -> None:
    path.unlink()
    execute(path, "CREATE TABLE answers (question TEXT, answer TEXT)")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def table_gone(path: Path) -> None:
    execute(path, "DROP TABLE answers")


def execute(path: Path, *statements: str) -> None:
    """As another program would."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("damage", [cut, garbage, pages_of_it, other_tables, empty, table_gone])
def test_a_damaged_file_is_named_set_aside_and_begun_anew(tmp_path, caplog, damage):
    path = filled(tmp_path / "answers.sqlite")
    damage(path)
    broken = path.read_bytes()
    with ResponseCache(path) as cache:
        assert len(cache.get(KEYS)) < len(KEYS)
        cache.put((key, {"text": "again"}) for key in KEYS)
        assert len(cache.get(KEYS)) == len(KEYS)
    assert any(m.startswith(f"{path}: damaged: ") and "set aside" in m for m in caplog.messages)
    assert (tmp_path / "answers.sqlite.damaged").read_bytes() == broken
    aside = [bundle for bundle in bundles(tmp_path) if bundle.subject == ASIDE]
    assert prune(tmp_path, aside) == aside
    assert list(tmp_path.glob("*.damaged*")) == []


@pytest.mark.parametrize("made", [Path.mkdir, lambda path: path.symlink_to("gone")])
def test_what_is_no_file_is_named_and_stays(tmp_path, made):
    made(tmp_path / "answers.sqlite")
    with pytest.raises(StudyError, match=r"answers\.sqlite: is no file, or a link to none"):
        ResponseCache(tmp_path / "answers.sqlite")
    assert [p.name for p in tmp_path.iterdir()] == ["answers.sqlite"]


def test_what_is_set_aside_never_replaces_what_was(tmp_path):
    path = tmp_path / "answers.sqlite"
    for text in ("one", "two"):
        path.write_text(text)
        ResponseCache(path).database.close()
    assert [(tmp_path / f"answers.sqlite.damaged{n}").read_text() for n in ("", "1")] == [
        "one",
        "two",
    ]


@pytest.mark.parametrize("value", ['\'{"text": "ans\'', '\'{"text": "answer X"}\'', "x'ff'", "7"])
def test_a_damaged_answer_is_asked_again_and_the_others_stay(tmp_path, caplog, value):
    path = filled(tmp_path / "answers.sqlite")
    execute(path, f"UPDATE answers SET value = {value} WHERE key = '{KEYS[3].content}'")
    with ResponseCache(path) as cache:
        assert cache.get(KEYS).keys() == {k.content for k in KEYS} - {KEYS[3].content}
        assert caplog.messages == [f"{path}: 1 of its answers are damaged; they are asked again"]
        cache.put([(KEYS[3], {"text": "answer 3"})])
        assert cache.get(KEYS[3:4]) == {KEYS[3].content: {"text": "answer 3"}}


def test_damaged_parts_are_no_reason_to_stop(tmp_path):
    path = filled(tmp_path / "answers.sqlite")
    execute(path, "UPDATE answers SET parts = '{\"n\"'", "UPDATE subjects SET parts = ''")
    execute(path, "UPDATE answers SET made = 'noon', used = 'noon' WHERE key < '8'")
    execute(path, "UPDATE answers SET used = x'ff' WHERE key > 'e'")
    with ResponseCache(path) as cache:
        assert len(cache.get(KEYS)) == len(KEYS)
        assert [dict(entry.parts) for entry in cache.like(KEYS[0])] == [{}]
    assert [bundle.entries for bundle in bundles(tmp_path)] == [len(KEYS)]
    assert prune(tmp_path, list(bundles(tmp_path))) and list(bundles(tmp_path)) == []


def test_a_file_of_the_version_before_gets_the_columns_of_this_one(tmp_path):
    path = filled(tmp_path / "answers.sqlite")
    execute(path, "ALTER TABLE answers DROP COLUMN sha256")
    with ResponseCache(path) as cache:
        assert len(cache.like(KEYS[0])) == 1
        cache.put([(LATE, {"text": "late"})])
        assert cache.get([LATE])
    assert [p.name for p in tmp_path.iterdir()] == ["answers.sqlite"]


@pytest.mark.parametrize("left", ["nothing", "a log", "a log without its index"])
def test_a_cache_that_cannot_be_written_gives_all_it_holds(folder, reader, caplog, left):
    path, keys = folder / "answers.sqlite", KEYS
    if left != "nothing":
        killed_writer(path)
        keys = [*KEYS, LATE]
    if left == "a log without its index":
        path.with_name("answers.sqlite-shm").unlink()
    before = sorted(p.name for p in folder.iterdir())
    reader()
    with ResponseCache(path) as cache:
        assert len(cache.get(keys)) == len(keys) and caplog.messages == []
        cache.put([(LATE, {"text": "late"})])
        assert len(list(bundles(folder))) == 1
        unknown = AnswerKey("one", ("input", 99), {}, {"n": 99})
        assert cache.get([unknown]) == {}
    assert caplog.messages == [
        f"{path}: cannot be written; answers that it lacks are asked and not kept"
    ]
    assert sorted(p.name for p in folder.iterdir()) == before


def test_an_empty_folder_that_cannot_be_written_keeps_nothing(folder, reader, caplog):
    (folder / "answers.sqlite").unlink()
    reader()
    with ResponseCache(folder / "answers.sqlite") as cache:
        cache.put([(LATE, {"text": "late"})])
        assert cache.get([LATE]) == {} and "answers that it lacks are asked" in caplog.text


def test_a_damaged_file_that_cannot_be_written_is_named(folder, reader):
    garbage(folder / "answers.sqlite")
    reader()
    with pytest.raises(StudyError, match="file is not a database; not set aside: "):
        ResponseCache(folder / "answers.sqlite")


def test_who_finds_another_one_writing_waits_and_says_so(tmp_path, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setattr(database, "ATTEMPT", 0.02)
    path = filled(tmp_path / "answers.sqlite")
    with ResponseCache(path) as cache:
        other = sqlite3.connect(path, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, other.rollback).start()
        cache.put([(LATE, {"text": "late"})])
        assert cache.get([LATE])
        assert caplog.messages == [f"{path}: another process is writing it; waiting"]
        monkeypatch.setattr(database, "PATIENCE", 0.1)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StudyError, match="database is locked; nothing was changed"):
            cache.put([(KEYS[0], {"text": "late"})])
        other.close()


def write(path: Path, name: str) -> None:
    for n in range(30):
        with ResponseCache(path) as cache:
            cache.put([(AnswerKey(name, (n,), {"w": name}, {"n": n}), {"text": name})])


def test_processes_that_begin_one_cache_at_once_keep_all_answers(tmp_path):
    path = tmp_path / "answers.sqlite"
    garbage(path)
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write, args=(path, name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert [bundle.entries for bundle in bundles(tmp_path)] == [30, 30, 30, 1]


def test_a_full_disk_is_a_line_and_loses_nothing(tmp_path):
    path = filled(tmp_path / "answers.sqlite")
    with ResponseCache(path) as cache:
        pages = cache.database.run(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
        cache.database.run(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone())
        with pytest.raises(StudyError, match=r"answers\.sqlite: database or disk is full; nothing"):
            cache.put((AnswerKey("x", (n,), {}, {"n": n}), {"text": "x" * 999}) for n in range(99))
        assert len(cache.get(KEYS)) == len(KEYS)
        assert [b.entries for b in bundles(tmp_path)] == [len(KEYS)]


def test_the_cache_folder_may_have_any_name(tmp_path, monkeypatch):
    folder = tmp_path / "a b\n#c?%41"
    monkeypatch.setenv("SELFPREDICT_CACHE", str(folder))
    with ResponseCache() as cache:
        cache.put([(LATE, {"text": "late"})])
        assert cache.get([LATE]) and (folder / "answers.sqlite").is_file()


@pytest.mark.parametrize(
    ("told", "message"),
    [("file", "file: no folder for the caches: File exists"), ("cache", "'cache' is no absolute")],
)
def test_a_cache_that_is_no_folder_is_named(tmp_path, monkeypatch, told, message):
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFPREDICT_CACHE", told if told == "cache" else str(tmp_path / told))
    with pytest.raises(StudyError, match=message):
        cache_folder()


def test_without_a_home_the_cache_is_asked_for(monkeypatch):
    monkeypatch.delenv("SELFPREDICT_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # of a user that has none
    with pytest.raises(StudyError, match="SELFPREDICT_CACHE: is not set: could not determine the"):
        cache_folder()
