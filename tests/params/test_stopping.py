"""A command that is told to stop says so in a line, leaves nothing half made, and can go on."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import ROOT

COMMAND = """
    '''The command.'''
    import sqlite3, sys, time
    from pathlib import Path
    from stages.params import command
    from stages.storage.files import atomic_folder
    from stages.storage.response_cache import AnswerKey, ResponseCache

    @command
    def main() -> None:
        with ResponseCache(Path("answers.sqlite")) as cache, atomic_folder("made") as folder:
            cache.put([(AnswerKey("one", (1,), {}, {"n": 1}), {"text": "kept"})])
            (folder / "half").write_text("half")
            where = sys.argv.pop()
            print("works", flush=True)
            if where == "sqlite":
                others = sqlite3.connect("answers.sqlite")
                others.execute("BEGIN IMMEDIATE")
                cache.put([(AnswerKey("one", (2,), {}, {"n": 2}), {"text": "half"})])
            elif where == "cleaning fails":
                try:
                    time.sleep(60)
                finally:
                    raise RuntimeError
            elif where == "another command":
                inner.main([], standalone_mode=False)
            while True:
                time.sleep(0.01)

    @command
    def inner() -> None:
        while True:
            time.sleep(0.01)

    sys.argv[1:], where = [], sys.argv[1]
    sys.argv.append(where)
    main(args=[])
"""


def of_a_terminal(hangup: int = signal.SIG_DFL) -> None:
    """Signals as a terminal's command has them, whatever the tests themselves ignore."""
    signal.signal(signal.SIGHUP, hangup)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def started(folder: Path, where: str, hangup: int = signal.SIG_DFL) -> Iterator[subprocess.Popen]:
    """The command at work."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(COMMAND), where],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(of_a_terminal, hangup),
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "works\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("SIGTERM", "python"),
        ("SIGHUP", "another command"),
        ("SIGINT", "cleaning fails"),
        ("SIGTERM", "sqlite"),
    ],
)
def test_a_signal_is_one_line_and_leaves_nothing(tmp_path, name, where):
    with started(tmp_path, where) as process:
        process.send_signal(getattr(signal, name))
        _, said = process.communicate(timeout=120)
    *before, last = said.splitlines()
    assert last == (
        f"stopped by {name}; what is finished is kept, the same command goes on from there"
    )
    assert process.returncode == 128 + getattr(signal, name)
    assert all("another process is writing" in line for line in before)
    assert [path.name for path in tmp_path.iterdir()] == ["answers.sqlite"]


def test_a_signal_while_a_command_imports_is_the_same_line(tmp_path):
    (tmp_path / "pydantic.py").write_text("print('works', flush=True)\nimport time; time.sleep(60)")
    process = subprocess.Popen(
        [sys.executable, "-m", "stages.params"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=of_a_terminal,
    )
    assert process.stdout is not None and process.stdout.readline() == "works\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGINT
    assert said == (
        "stopped by SIGINT; what is finished is kept, the same command goes on from there\n"
    )


def test_what_is_ignored_stays_ignored(tmp_path):
    with started(tmp_path, "python", hangup=signal.SIG_IGN) as process:
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=0.5)
        process.terminate()
        assert "SIGTERM" in process.communicate()[1]
