"""selfpredict: one module per DVC stage, and the rooms that they share.

A command imports for seconds before it can be told to stop in its own way (stages.params.stopping).
Until then nothing is begun that would have to be taken away, so it ends at once.
"""

import os
import signal
import sys
from types import FrameType

SIGNALS = [
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)
]


def stop_line(number: int) -> str:
    """What a command says that a signal stopped."""
    return (
        f"stopped by {signal.Signals(number).name}; what is finished is kept, "
        "the same command goes on from there"
    )


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, f"{stop_line(number)}\n".encode())
    os._exit(128 + number)  # an error would be caught by who tries an import


# `python -m stages.NAME`, whose module is yet to be found, or `selfpredict NAME`
if os.path.basename(sys.argv[0] if sys.argv else "") in ("-m", "selfpredict"):
    for _number in SIGNALS:
        if signal.getsignal(_number) is not signal.SIG_IGN:
            signal.signal(_number, _end)
