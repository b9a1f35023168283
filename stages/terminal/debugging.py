"""Whether a person wants to see where an error comes from: SELFPREDICT_DEBUG=1."""

import os
import traceback
from pathlib import Path

VARIABLE = "SELFPREDICT_DEBUG"
PACKAGE = Path(__file__).parents[1]


def debugging() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get(VARIABLE, "0") not in ("", "0")


def unexpected(error: Exception) -> str:
    """A line about a mistake of ours: what it was, and the last place of our own on its way."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if PACKAGE in Path(frame.filename).parents]
    where = ""
    if own:
        place = Path(own[-1].filename).relative_to(PACKAGE.parent)
        where = f" at {place}, line {own[-1].lineno}"
    said = str(error).partition("\n")[0]
    return (
        f"unexpected {type(error).__name__}{where}{f': {said}' if said else ''}; "
        f"{VARIABLE}=1 and the same command show how it came to it"
    )
