"""What the sections of params.yaml are made of."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# The paper asks about 2,500 inputs of a task; 40 times that is a table of some 10 million rows,
# which is what a run still writes, reads and scores. More is a slip of the keyboard.
MOST = 100_000
# Epochs, samples, bins: the paper takes one epoch and one sample. A thousand rounds of the same
# work say no more about it, and take a thousand times as long.
MOST_ROUNDS = 1_000
Count = Annotated[int, Field(ge=1, le=MOST)]
Some = Annotated[int, Field(ge=0, le=MOST)]  # or none
Rounds = Annotated[int, Field(ge=1, le=MOST_ROUNDS)]
Share = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]

LONGEST_NAME = 64  # two of them, what joins them and a file's ending are one name of a file: 255
LONGEST_LIST = 350  # characters of the names that are allowed: all tasks of ours
PLAIN_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{LONGEST_NAME - 1}}}")


def _hex(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("64 hex digits are allowed")
    return value


Sha256 = Annotated[str, AfterValidator(_hex)]


class Strict(BaseModel):
    """Unknown keys and other types are errors, as are nan and inf; nothing changes once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def plain_name(name: str) -> str:
    """The name, which is one of a file and of a stage's cell; else ValueError."""
    if not PLAIN_NAME.fullmatch(name):
        raise ValueError(
            f"{name[: LONGEST_NAME + 1]!r} is no plain name; letters, digits, '_' and '-' are "
            f"allowed, a letter or digit first, {LONGEST_NAME} at most"
        )
    return name


def listed(names: Collection[Any], near: str = "") -> str:
    """Names as a text: all of them, or where they are many those that are like `near` first."""
    texts = [str(name)[:LONGEST_NAME] for name in names]
    if len(", ".join(texts)) <= LONGEST_LIST:
        return ", ".join(texts)
    shown, length = [], 0
    for name in dict.fromkeys(get_close_matches(near, texts, n=6) + texts):
        length += len(name) + 2
        if length > LONGEST_LIST:
            break
        shown.append(name)
    return f"{', '.join(shown)}, and {len(texts) - len(shown)} more"


def members(names: list, known: Collection[Any], what: str) -> list:
    """The names, which are all among `known` and there once; else ValueError."""
    for name in names:
        if name not in known:
            raise ValueError(f"{name!r} is no {what}; allowed: {listed(known, str(name))}")
    if len(set(names)) < len(names):
        raise ValueError(f"{sorted(n for n in names if names.count(n) > 1)[0]!r} stands twice")
    return names
