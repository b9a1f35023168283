"""Being told to stop: one line, nothing half made, and the code that a shell gives it.

SIGTERM, SIGHUP and Ctrl-C raise `Stopped` wherever the command is, so that on the way out each
block takes away what it was writing. One that is ignored, as under nohup, stays ignored.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from stages import SIGNALS, stop_line

CLEANING = 5  # seconds; a signal that comes within is of the same wish to stop


class Stopped(BaseException):
    """Raised by a signal; no error, so that nothing but a way out catches it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = signal.Signals(number)


class _Raise:
    """The handler. A later signal counts again: a library may have swallowed the first one."""

    def __init__(self) -> None:
        self.last = -float("inf")

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self.last > CLEANING:
            self.last = now
            raise Stopped(number)


@contextmanager
def stoppable() -> Iterator[None]:
    """Ends a command that is told to stop by a line and 128 plus the signal's number."""
    if threading.current_thread() is not threading.main_thread() or any(
        isinstance(signal.getsignal(number), _Raise) for number in SIGNALS
    ):  # which handles signals, or a command that another one runs
        yield
        return
    found = {number: signal.getsignal(number) for number in SIGNALS}
    handler = _Raise()
    try:
        for number, usual in found.items():
            if usual is not signal.SIG_IGN:
                signal.signal(number, handler)
        yield
    except BaseException as error:
        stopped = _stopped(error)
        if stopped is None:
            raise
        click.echo(stop_line(stopped.signal), err=True)
        raise click.exceptions.Exit(128 + stopped.signal) from None
    finally:
        for number, usual in found.items():
            signal.signal(number, usual)


def _stopped(error: BaseException | None) -> Stopped | None:
    """The stop that an error is, or came of: cleaning up may have failed on the way out."""
    while error is not None and not isinstance(error, Stopped):
        error = error.__context__
    return error
