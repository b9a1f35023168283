"""Tasks from the files that params.yaml names, with every row that gives no input named."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stages.storage.errors import StudyError
from stages.storage.readers import FileRow, read_rows
from stages.storage.tables import Row
from stages.study.item import Item, Task
from stages.study.text.letters import LETTERS
from stages.tasks.files.columns import BadRow, short
from stages.tasks.files.prompt_set import names_in, published_files
from stages.tasks.files.published_format import (
    TASK,
    PublishedRow,
    published_family,
    published_row,
    with_row,
)
from stages.tasks.files.rows import LoadedInput, RowForm, loaded_task, row_input, told_apart
from stages.tasks.files.section import LoadedTask
from stages.tasks.files.sources import task_file, task_folder

log = logging.getLogger(__name__)

OTHER_OPTIONS = "its options, or the trait's, are not those of an earlier row with that prompt"
NAMED = 5  # bad rows that are named; the others are counted


@dataclass
class Reading:
    """What was found in the rows of a task."""

    rows: int = 0
    duplicates: int = 0
    bad: int = 0
    named: list[str] = field(default_factory=list)

    def refuse(self, place: str, reason: BadRow) -> None:
        self.bad += 1
        if self.bad <= NAMED:
            self.named.append(f"{place}: {reason}")

    def told(self) -> list[str]:
        """One line for each of the first bad rows, and how many there are."""
        more = self.bad - len(self.named)
        return self.named + ([f"and {more} more"] if more else [])


def load_task(name: str, spec: LoadedTask) -> Task:
    """The task that `spec` describes; bad rows and duplicates are left out and told of.

    Raises StudyError where there are more bad rows than `bad_rows` allows, or no file.
    """
    key, reading = f"params.yaml: tasks.loaded.{name}", Reading()
    try:
        if spec.format == "published":
            family, inputs = published_inputs(task_folder(spec.source), spec.task or "", reading)
        else:
            family = spec.answers
            inputs = table_inputs(task_file(spec.source, spec.sha256), spec.form, reading)
    except (StudyError, OSError) as error:
        raise StudyError(f"{key}: {spec.source}: {error}") from error
    if reading.bad > spec.bad_rows * reading.rows:
        raise StudyError(
            f"{key}: {reading.bad} of {reading.rows} rows are bad; bad_rows allows a share "
            f"of {spec.bad_rows}\n" + "\n".join(reading.told())
        )
    if reading.bad:
        log.warning(f"{name}: {reading.bad} of {reading.rows} rows are left out:")
        log.warning("\n".join(reading.told()))
    if reading.duplicates:
        log.warning(f"{name}: {reading.duplicates} duplicates are left out")
    return loaded_task(name, family, inputs, shuffle_options=spec.shuffle_options)


def table_inputs(path: Path, form: RowForm, reading: Reading) -> list[LoadedInput]:
    """The inputs of the rows of a file, those with the same prompt once.

    Of rows that differ in the order of options that are shuffled, the first by its text is the
    input, whatever the order of the rows.
    """
    inputs: dict[tuple[str, ...], LoadedInput] = {}
    for row in read_rows(path, form.columns):
        reading.rows += 1
        try:
            found = row_input(_values(row), form)
        except BadRow as reason:
            reading.refuse(row.place, reason)
            continue
        known = inputs.setdefault(found.parts, found)
        if _choices(known.item, form) != _choices(found.item, form):
            reading.refuse(row.place, BadRow(form.text, OTHER_OPTIONS))
        elif known is not found:
            reading.duplicates += 1
            inputs[found.parts] = min(known, found, key=lambda loaded: loaded.item.text)
    return told_apart(list(inputs.values()))


def _choices(item: Item, form: RowForm) -> list[tuple[str, bool]]:
    """The options, each with whether it shows the trait; in their order where it says something."""
    letters = zip(LETTERS, item.options, strict=False)
    found = [(option, letter == item.trait_option) for letter, option in letters]
    return sorted(found) if form.shuffle_options else found


def published_inputs(folder: Path, task: str, reading: Reading) -> tuple[str, list[LoadedInput]]:
    """The family of a task of the published prompt set, and its inputs with their questions."""
    rows = list(_published_rows(folder, task, reading))
    if not rows:
        return "continuation", []
    try:
        family = published_family(row.property for _, row in rows)
    except ValueError as error:
        raise StudyError(f"task {task}: {error}") from error
    inputs: dict[str, LoadedInput] = {}
    for place, row in rows:
        known = inputs.get(row.text)
        try:
            found = with_row(known, row, family)
        except BadRow as reason:
            reading.refuse(place, reason)
            continue
        reading.duplicates += found is known
        inputs[row.text] = found
    return family, list(inputs.values())


def _published_rows(
    folder: Path, task: str, reading: Reading
) -> Iterator[tuple[str, PublishedRow]]:
    others: set[str] = set()
    files = published_files(folder)
    # A file that is called so is the task's, even where no row says so; others hold rows of it too.
    own = [p for p in files if p.name.startswith(f"{task}_") or task in names_in(p, TASK)]
    for path in own or files:
        for row in read_rows(path):
            named = (row.values or {}).get(TASK)
            if isinstance(named, str) and named != task:
                others.add(named)
                continue
            reading.rows += 1
            try:
                yield row.place, published_row(_values(row))
            except BadRow as reason:
                reading.refuse(row.place, reason)
    if not reading.rows:
        found = ", ".join(short(other) for other in sorted(others)[:20])
        raise StudyError(f"there is no row of task {task!r}; there are: {found or 'none'}")


def _values(row: FileRow) -> Row:
    if row.values is None:
        raise BadRow(None, row.problem)
    return row.values
