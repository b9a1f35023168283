"""The inputs that subjects are asked about, read from the tables of the tasks."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from stages.storage.errors import StudyError
from stages.storage.tables import Row, read_rows

TASKS = Path("data/tasks")


def task_inputs(task: str) -> list[Row]:
    """All inputs of a task, in the order of its table."""
    return list(read_rows("tasks", TASKS / f"{task}.parquet"))


def split_inputs(task: str, split: str) -> list[Row]:
    """The inputs of one split of a task by input_id."""
    rows = read_rows("tasks", TASKS / f"{task}.parquet", split=split)
    return sorted(rows, key=lambda row: row["input_id"])


def held_out_inputs(tasks: Iterable[str], count: int | None = None) -> list[Row]:
    """Test-split inputs of the held-out tasks.

    The first `count` of each by input_id, which is a hash, so they are chosen by chance and a
    larger count adds to a smaller one; all where it is None.
    """
    return [row for task in tasks for row in split_inputs(task, "test")[:count]]


def input_of(tasks: Iterable[str], input_id: str) -> Row:
    """The input of an id; raises StudyError where none of the tasks has it."""
    for task in tasks:
        for row in read_rows("tasks", TASKS / f"{task}.parquet", input_id=input_id):
            return row
    raise StudyError(f"{TASKS}: no task has the input {input_id!r}; ids are 16 hex digits")


def by_id(inputs: Sequence[Row]) -> dict[str, Row]:
    """The inputs by input_id."""
    return {row["input_id"]: row for row in inputs}
