"""Answers from a file of JSON lines."""

import json
from collections.abc import Container
from pathlib import Path

from stages.experiments.behavior_change.params import KEY
from stages.storage.errors import StudyError
from stages.storage.tables import Row


def file_answers(path: Path, known: Container[str]) -> list[Row]:
    """Behavior rows of JSON lines with input_id, which is one of the known ones, and response.

    Raises StudyError, which names the line, where it is anything else or answers again.
    """
    if not path.is_file():
        raise StudyError(f"{path}: no such file; {KEY} names it")
    rows: dict[str, Row] = {}
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = _file_answer(json.loads(line.decode("utf-8-sig")), known)
                if row["input_id"] in rows:
                    raise ValueError(f"input_id {row['input_id']!r} was answered on a line before")
            except (ValueError, RecursionError) as error:
                raise StudyError(
                    f"{path}: line {number}: {error}; a line is an object with input_id, a "
                    "rehearsal input of a held-out task, and response, a text"
                ) from None
            rows[row["input_id"]] = row
    return list(rows.values())


def _file_answer(found: object, known: Container[str]) -> Row:
    if not isinstance(found, dict):
        raise ValueError(f"{found!r} is no object")
    for name in ("input_id", "response"):
        value = found.get(name)
        if not (isinstance(value, str) and value.strip()):
            raise ValueError(f"{name} is {value!r}" if name in found else f"{name} is missing")
    if found["input_id"] not in known:
        raise ValueError(f"input_id {found['input_id']!r} is no such input")
    whole = {"finish_reason": "stop"}
    return {"input_id": found["input_id"], "response": found["response"].strip()} | whole
