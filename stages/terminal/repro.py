"""`dvc repro` as a child that is listened to, and that is told to stop when we are."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from stages.terminal.events import event
from stages.terminal.plainly import copy_plainly

COPYING = 5  # seconds for the last lines of a log, should a child of dvc live on


def repro(arguments: Sequence[str], hear: Callable[[Mapping[str, Any]], None]) -> int:
    """The exit status of `dvc repro ARGUMENTS`, of whose cells `hear` is told.

    A signal goes on to dvc and the command that it runs, and is raised when both have ended. On a
    terminal they write as they like; in a log progress bars become lines.
    """
    ours, theirs = socket.socketpair()
    with ours, ours.makefile(encoding="utf-8") as events, _errors() as errors:
        with theirs:
            child = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.watched", f"{theirs.fileno()}", *arguments],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # so that a signal reaches it once, and by us
            )
        if errors is not None:
            os.close(errors)
        try:
            for line in events:
                hear(event(line))
                ours.send(b".")
            return child.wait()
        except BaseException as stopped:
            ours.shutdown(socket.SHUT_RDWR)  # it need not wait to be heard
            _stop(child, getattr(stopped, "signal", signal.SIGTERM))
            raise


@contextmanager
def _errors() -> Iterator[int | None]:
    """Where the child writes its errors and bars: None for our own terminal, else into our log."""
    if sys.stderr.isatty():
        yield None
        return
    read, write = os.pipe()
    copying = threading.Thread(target=copy_plainly, args=(read, sys.stderr.buffer), daemon=True)
    copying.start()
    try:
        yield write
    finally:
        copying.join(COPYING)


def _stop(child: subprocess.Popen[bytes], number: int) -> None:
    """Tell dvc and its command to stop, and wait for both; told once more, end them at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
    try:
        child.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise
