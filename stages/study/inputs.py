"""The inputs of a task that a study asks about: rows of its table."""

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from stages.storage.errors import StudyError
from stages.study.item import Item, Task
from stages.study.splits import input_id, part_of, split_of

Row = dict[str, Any]
MOST_CANDIDATES = 100_000
COUNTS = {
    ("train", "train"): "train_inputs",
    ("test", "rehearsal"): "rehearsal_inputs",
    ("test", "pilot"): "pilot_inputs",
    ("test", "test"): "test_inputs",
}
"""(role, part) -> the key of params.yaml's section tasks that says how many; else none"""


def task_rows(
    task: Task, role: str, counts: Mapping[str, int], seed: int, *, allow_fewer: bool
) -> list[Row]:
    """The first inputs of each part, as many as `counts` asks for by key; train rows first.

    With `allow_fewer` a task that has fewer gives all it has, of what is taught, judged or scored
    one at least. Raises StudyError.
    """
    wanted = {part: counts[key] for (of, part), key in COUNTS.items() if of == role}
    rows: dict[str, list[Row]] = {part: [] for part in wanted}
    for item in islice(task.candidates(seed), MOST_CANDIDATES):
        if all(len(rows[part]) >= wanted[part] for part in rows):
            break
        key = input_id(task.name, item.key)
        part = part_of(role, key)
        if len(rows.get(part, ())) < wanted.get(part, 0):
            rows[part].append(_row(task, item, key, role))
    for part, count in wanted.items():
        enough = min(part != "rehearsal", count) if allow_fewer else count
        if len(rows[part]) < enough:
            raise StudyError(
                f"params.yaml: tasks.{COUNTS[role, part]}: {count}: task {task.name} has "
                f"{len(rows[part])} {part} inputs; at most that many are allowed, or set "
                "tasks.allow_fewer"
            )
    return [row for found in rows.values() for row in found]


def check_apart(rows: Iterable[Row], seen: dict[tuple[str, bool], str]) -> None:
    """StudyError where a prompt is taught in one row, and judged or scored in another one.

    An id is of task and text, so it does not tell that two tasks ask the same. `seen` has what was
    met of other tasks, (prompt, whether it is taught) -> which input it is, and gets what is met.
    """
    for row in rows:
        part = part_of(row["role"], row["input_id"])
        taught = part in ("train", "rehearsal")
        prompt = json.dumps(row["object_prompt"], sort_keys=True)
        about = f"input {row['input_id']} of {row['task']} ({part})"
        if other := seen.get((prompt, not taught)):
            raise StudyError(
                f"data/tasks: {other} and {about} have the same prompt, {prompt[:200]}; what is "
                "taught may be neither judged nor scored: take it out of one of the two tasks"
            )
        seen.setdefault((prompt, taught), about)


def _row(task: Task, item: Item, key: str, role: str) -> Row:
    own = task.questions(item)
    return {
        "input_id": key,
        "task": task.name,
        "family": task.family,
        "role": role,
        "split": split_of(key),
        "input": item.text,
        "object_prompt": task.prompt(item),
        "options": list(item.options),
        "trait_option": item.trait_option,
        "questions": own
        and [{"property": name, "messages": messages} for name, messages in sorted(own.items())],
    }
