"""What is said of a wrong value: one line, however large the value is."""

import re
import reprlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stages.study.section import listed

LONGEST_LINE = 500  # characters: a few lines of a terminal
MOST_LINES = 5


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxdict, self.maxlist, self.maxtuple = 2, 3, 5, 5
        self.maxstring = self.maxother = 80

    def repr_int(self, x: int, level: int) -> str:
        """Python itself refuses to write an integer of over 4,300 digits."""
        return repr(x) if x.bit_length() < 128 else f"an integer of {x.bit_length()} bits"


def short(value: Any) -> str:
    """A value as it would be written in Python, its middle left out where it is long."""
    return _Short().repr(value)


def cut(line: str) -> str:
    """The line, its middle left out where it is long: it begins with the file, ends in a rule."""
    if len(line) <= LONGEST_LINE:
        return line
    half = LONGEST_LINE // 2 - 3
    return f"{line[:half]} ... {line[-half:]}"


def tag(section: type[BaseModel]) -> str:
    """What tells a section among those that may stand at one place; no key is called so."""
    return f"({section.__name__})"


def lines(error: ValidationError, section: type[BaseModel], path: str | Path) -> list[str]:
    """A line for each wrong value of a section, as said of the file `path`; five at most."""
    found = list(dict.fromkeys(cut(_line(path, item, section)) for item in error.errors()))
    left = len(found) - MOST_LINES
    return found if left <= 0 else [*found[:MOST_LINES], f"{path}: {left} more are wrong"]


def _line(path: str | Path, error: ErrorDetails, section: type[BaseModel]) -> str:
    place = [part for part in error["loc"] if not _is_type(part)]
    key, kind, found = ".".join(map(_part, place)), error["type"], error["input"]
    if kind == "invalid_key" or place[-1:] == ["[key]"]:
        owner = ".".join(map(_part, place[:-2] if kind != "invalid_key" else place[:-1]))
        above = f"{owner}: " if owner else ""
        return f"{path}: {above}{short(found)} is no text; a key is one, between quotes if need be"
    if kind == "extra_forbidden":
        allowed = listed(list(_keys(section, error["loc"][:-1])), str(place[-1]))
        return f"{path}: {key}: unknown key; allowed: {allowed}"
    if kind == "missing":
        return f"{path}: {key}: this key is missing"
    message = _plain(error["msg"])
    named = isinstance(found, dict | BaseModel) or _named(found, message)
    shown = "" if named else f"{short(found)}: "
    return f"{path}: {key}: {shown}{message}" if key else f"{path}: {message}"


def _is_type(part: Any) -> bool:
    """Whether a part of a place says which of several types was tried there."""
    return part in ("str", "list[str]") or bool(re.fullmatch(r"\(\w+\)", str(part)))


def _part(part: Any) -> str:
    text = str(part)
    return text if text.isprintable() and len(text) < 80 else short(text)


def _plain(message: str) -> str:
    """What pydantic says, without its own words."""
    message = message.removeprefix("Value error, ")
    if message.startswith("Input should be a valid dictionary"):
        return "a mapping of keys is allowed"
    return message.replace(" after validation", "")


def _named(found: Any, message: str) -> bool:
    """Whether the message begins with the value, or with one of the texts in it."""
    items = found if isinstance(found, list) else [found]
    return any(isinstance(item, str) and message.startswith(repr(item)) for item in items)


def _keys(section: Any, place: tuple[str | int, ...]) -> Iterator[str]:
    """The keys that are allowed at a place in a section."""
    owner: Any = section
    for part in place:
        if get_origin(owner) is dict:
            owner = get_args(owner)[1]
        elif _is_type(part):
            (owner,) = (kind for kind in _sections(owner) if tag(kind) == part)
        else:
            owner = owner.model_fields[part].annotation
            if type(None) in get_args(owner):  # a section that may be left out
                owner = get_args(owner)[0]
    yield from owner.model_fields


def _sections(kind: Any) -> Iterator[type[BaseModel]]:
    """The types that may stand at a place."""
    if isinstance(kind, type):
        yield kind
    else:
        for inner in get_args(kind):
            yield from _sections(inner) if get_args(inner) or isinstance(inner, type) else ()
