"""Who would write one thing at once takes turns, on any machine that shares the folder."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from stages.storage import locks
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder, atomic_path
from stages.storage.locks import turn

MAKER = """
    import sys, time
    from pathlib import Path
    from stages.storage.kept_folders import forget, kept_folder, made_once
    def make(folder):
        print("makes", flush=True)
        time.sleep(0.3)
        (folder / "weights").write_text("w")
    checkpoint = kept_folder("checkpoints", "one", {"rows": 1})
    folder = made_once(kept_folder("adapters", "one", {"rows": 1}), make)
    forget(checkpoint, folder)
    assert (folder / "weights").read_text() == "w"
"""
HOLDER = """
    import sys, time
    from pathlib import Path
    from stages.storage.locks import turn
    with turn(Path(sys.argv[1])):
        print("has it", flush=True)
        time.sleep(60)
"""


def process(script: str, *arguments: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_two_processes_of_one_cache_make_a_folder_once_whatever_their_temp_folders(tmp_path):
    cache = tmp_path / "cache"
    running = []
    for name in "ab":
        (tmp_path / name).mkdir()
        running.append(process(MAKER, SELFPREDICT_CACHE=str(cache), TMPDIR=str(tmp_path / name)))
    said = [one.communicate()[0] for one in running]
    assert [one.returncode for one in running] == [0, 0]
    assert sorted(said) == ["", "makes\n"]
    assert names(cache / "checkpoints") == []
    assert len(names(cache / "adapters")) == 2 and not any(map(names, (tmp_path / n for n in "ab")))


def test_turns_never_overlap_though_their_files_come_and_go(tmp_path):
    count = tmp_path / "count"
    count.write_text("0")

    def work() -> None:
        for _ in range(60):
            with turn(count):
                count.write_text(str(int(count.read_text()) + 1))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count.read_text() == "360" and names(tmp_path) == ["count"]


def test_who_is_killed_holds_no_turn_and_the_next_takes_its_file_away(tmp_path):
    path = tmp_path / "model"
    holder = process(HOLDER, str(path))
    assert holder.stdout is not None and holder.stdout.readline() == "has it\n"
    with turn(path, wait=False) as had:
        assert not had
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert names(tmp_path) == [".model.lock"]
    with turn(path, wait=False) as had:
        assert had
    assert names(tmp_path) == []


def test_a_signal_while_cleaning_up_leaves_nothing_either(tmp_path):
    calls = []

    def clean() -> None:
        calls.append(None)
        if len(calls) == 1:
            raise KeyboardInterrupt
        (tmp_path / "left").unlink()

    (tmp_path / "left").touch()
    with pytest.raises(KeyboardInterrupt):
        locks.surely(clean)
    assert names(tmp_path) == []


def test_a_wait_is_told_of(tmp_path, caplog):
    caplog.set_level("INFO")
    path, holds = tmp_path / "model", threading.Event()

    def hold() -> None:
        with turn(path):
            holds.set()
            while not caplog.messages:  # that the other one waits
                time.sleep(0.01)

    holder = threading.Thread(target=hold)
    holder.start()
    holds.wait()
    with turn(path):
        holder.join()
    assert caplog.messages == [f"{path}: another process is writing it; waiting until it is done"]


def test_without_locks_in_the_file_system_the_work_is_done_and_told_of(
    tmp_path, monkeypatch, caplog
):
    def refuses(descriptor: int, operation: int) -> None:
        raise OSError(locks.errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", refuses)
    with atomic_path(tmp_path / "a.txt") as partial:
        partial.write_text("a")
    assert names(tmp_path) == ["a.txt"]
    assert "has no locks" in caplog.text


def test_what_is_in_the_way_is_named(tmp_path):
    (tmp_path / "data").write_text("a file")
    for write in (atomic_path, atomic_folder):
        with (
            pytest.raises(StudyError, match=r"data/tasks: cannot be written: "),
            write(tmp_path / "data/tasks"),
        ):
            pass
