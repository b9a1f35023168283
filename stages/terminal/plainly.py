"""Progress bars in a log: of a line that is written over a state a minute, and the last one."""

import os
import re
import time
from collections.abc import Callable
from typing import BinaryIO

EVERY = 60.0  # seconds
LONGEST = 64 * 1024  # bytes of a line that are kept until it ends
ENDS = re.compile(rb"(\r\n|\r|\n)")


def copy_plainly(
    source: int, log: BinaryIO, clock: Callable[[], float] = time.monotonic, every: float = EVERY
) -> None:
    """Copy what is written to a terminal, from an open file's number to its end, into a log.

    A carriage return goes back to the start of a line: what is written over is left out, but for a
    state every `every` seconds. Bytes are not looked at otherwise. The number is closed at the end,
    also where the log takes no more: then whoever writes there is told so.
    """
    try:
        _copy(source, log, clock, every)
    finally:
        os.close(source)


def _copy(source: int, log: BinaryIO, clock: Callable[[], float], every: float) -> None:
    waiting, over, shown = b"", b"", -float("inf")
    while chunk := os.read(source, LONGEST):
        *pieces, waiting = ENDS.split(waiting + chunk)
        for text, end in zip(pieces[::2], pieces[1::2], strict=True):
            over = text or over
            if end == b"\r" and (not over or clock() - shown < every):
                continue
            shown = clock() if end == b"\r" else shown
            log.write(over + b"\n")
            over = b""
        if len(waiting) > LONGEST:
            log.write(waiting)
            waiting = b""
        log.flush()
    log.write(waiting or over)
    log.flush()
