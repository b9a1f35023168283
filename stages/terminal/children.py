"""`dvc repro` as children that are listened to, and that are told to stop when we are."""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stages.terminal.events import EXIT, event
from stages.terminal.plainly import copy_plainly

COPYING = 5  # seconds for the last lines of a log, should a child of dvc live on


class Children:
    """Runs `dvc repro` in processes of their own and hears what they tell of their cells.

    Each computes with `threads`, where OMP_NUM_THREADS says nothing else. On a terminal a child
    that is `alone` writes as it likes; else progress bars become lines.
    """

    def __init__(self, threads: int, alone: bool) -> None:
        self.alone = alone
        self.environment = {"OMP_NUM_THREADS": f"{threads}"} | os.environ
        self.heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.running: list[subprocess.Popen[bytes]] = []
        self.ears: list[socket.socket] = []
        self.copies: list[threading.Thread] = []

    def start(self, arguments: Sequence[str], silent: bool = False) -> None:
        """Begin `dvc repro ARGUMENTS`; `silent` shows its errors alone."""
        ours, theirs = socket.socketpair()
        errors = None if self.alone and sys.stderr.isatty() else self._plain_errors()
        with theirs:
            child = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.watched", f"{theirs.fileno()}", *arguments],
                env=self.environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if silent else None,
                stderr=errors,
                start_new_session=True,  # so that a signal reaches it once, and by us
            )
        if errors is not None:
            os.close(errors)
        self.running.append(child)
        self.ears.append(ours)
        threading.Thread(target=self._listen, args=(ours, child), daemon=True).start()

    def events(self) -> Iterator[Mapping[str, Any]]:
        """What running children tell, until none runs; the last of each is its exit status."""
        try:
            while self.running:
                told = self.heard.get()
                if EXIT in told:
                    self.running.remove(told.pop("child"))
                yield told
            for copy in self.copies:
                copy.join(COPYING)
        except BaseException as stopped:
            self.stop(getattr(stopped, "signal", signal.SIGTERM))
            raise

    def stop(self, number: int) -> None:
        """Tell all and their commands to stop, and wait; told once more, end them at once."""
        for ear in self.ears:
            with contextlib.suppress(OSError):
                ear.shutdown(socket.SHUT_RDWR)  # they need not wait to be heard
        self._signal(number)
        try:
            for child in self.running:
                child.wait()
        except BaseException:
            self._signal(signal.SIGKILL)
            for child in self.running:
                child.wait()
            raise

    def _signal(self, number: int) -> None:
        for child in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)

    def _listen(self, ours: socket.socket, child: subprocess.Popen[bytes]) -> None:
        with ours, ours.makefile(encoding="utf-8") as lines, contextlib.suppress(OSError):
            for line in lines:
                self.heard.put(event(line))
                ours.send(b".")
        self.heard.put({EXIT: child.wait(), "child": child})

    def _plain_errors(self) -> int:
        """Where a child writes its errors and bars, to be copied into our log as lines."""
        read, write = os.pipe()
        log = sys.stderr.buffer
        copy = threading.Thread(target=copy_plainly, args=(read, log), daemon=True)
        copy.start()
        self.copies.append(copy)
        return write
