"""Rows of JSON: an object a line (JSONL), or an array of objects."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stages.storage.errors import StudyError
from stages.storage.readers import opening
from stages.storage.readers.opening import FileRow, not_text, numbered, opened, too_many

BLANK = re.compile(r"[ \t\r\n]*")
READ = "an object a line, or an array of objects, is read"


def json_rows(path: Path) -> Iterator[FileRow]:
    """The rows of a file; what opens with a bracket is an array, whatever its name says.

    Raises StudyError where it is neither lines nor an array.
    """
    with opened(path, newline="\n") as text:
        began = False
        for number, line in numbered(path, text):
            bare = line.strip(" \t\r\n")
            if not bare:
                continue
            if not began and bare[0] == "[":
                yield from _array(path, bare + "\n" + text.read())
                return
            if not began and bare == "{":
                raise StudyError(f"{path} is one JSON object over several lines; {READ}")
            began = True
            yield _row(path, number, bare)


def _row(path: Path, number: int, line: str) -> FileRow:
    if problem := not_text(line):
        return FileRow(path, number, None, f"not JSON: {problem}")
    try:
        return _checked(path, number, json.loads(line, object_pairs_hook=_object))
    except (ValueError, RecursionError) as error:
        return FileRow(path, number, None, f"not JSON: {error}")


def _array(path: Path, text: str) -> Iterator[FileRow]:
    if problem := not_text(text):
        raise StudyError(f"{path}: a JSON array: {problem}")
    decode, number, at, mark = json.JSONDecoder(object_pairs_hook=_object).raw_decode, 0, 1, ","
    try:
        if text[_after(text, at)] == "]":
            at, mark = _after(text, at) + 1, "]"
        while mark == ",":
            value, at = decode(text, _after(text, at))
            number += 1
            if number > opening.MOST_ROWS:
                raise too_many(path)
            yield _checked(path, number, value)
            at = _after(text, at)
            mark = text[at]
            at += 1
    except IndexError:
        raise StudyError(f"{path}: a JSON array that does not end") from None
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{path}: a JSON array: object {number + 1}: {error}") from None
    if mark != "]" or text[_after(text, at) :]:
        raise StudyError(f"{path}: a JSON array, with something else after object {number}; {READ}")


def _after(text: str, at: int) -> int:
    """Where the blanks end."""
    found = BLANK.match(text, at)
    return found.end() if found else at


def _checked(path: Path, number: int, value: Any) -> FileRow:
    if isinstance(value, dict):
        return FileRow(path, number, value)
    return FileRow(path, number, None, f"a JSON {type(value).__name__}, no object")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has {twice[:60]!r} twice")
    return values
