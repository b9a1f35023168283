"""Rows of CSV and TSV, as spreadsheets and scripts write them.

Every value is text as it stands, but for what Python and pandas write where there is none.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TextIO

from stages.storage.errors import StudyError
from stages.storage.readers.opening import (
    MOST_BYTES,
    FileRow,
    not_text,
    numbered,
    opened,
)

SEPARATORS = ",;\t|"
SAID = re.compile(r'"?sep=(.)"?\s*')  # the line that Excel reads
# "NA" and "null" are words: nothing that Python writes for a value that is missing.
MISSING = frozenset(["", "nan", "NaN", "None", "NaT", "<NA>"])


def csv_rows(path: Path, columns: Sequence[str] | None, separator: str) -> Iterator[FileRow]:
    """The rows of a file whose values `separator` parts, or another under which it has `columns`.

    Raises StudyError where it is no CSV, no UTF-8, or lacks a column.
    """
    csv.field_size_limit(MOST_BYTES)  # the default, 131,072 characters, is less than a long text
    with opened(path, newline="") as text:
        lines = _lines(path, text)
        first = next(lines, "")
        if said := SAID.fullmatch(first):
            separator, first = said[1], next(lines, "")
        separator = _separator(first, columns or (), separator)
        reader = csv.reader(chain([first], lines), delimiter=separator, strict=True)
        try:
            header = next(reader, [])
            check_header(path, header, columns, _hint(first, separator))
            for number, row in enumerate((row for row in reader if row), start=1):
                yield _row(path, number, header, row)
        except csv.Error as error:
            line = reader.line_num + bool(said)
            raise StudyError(f"{path}, line {line}: not CSV: {error}") from error


def check_header(
    path: Path, header: Sequence[str], columns: Sequence[str] | None, hint: str = ""
) -> None:
    """Raise StudyError where a column that is read is not there, or there twice."""
    for name in header if columns is None else columns:
        if header.count(name) > 1:
            raise StudyError(f"{path}: its header names column {name!r} twice")
        if name not in header:
            shown = ", ".join(repr(known) for known in header)
            shown = shown if len(shown) <= 300 else f"{shown[:297]}..."
            raise StudyError(f"{path} has no column {name!r}; it has {shown or 'none'}{hint}")


def _lines(path: Path, text: TextIO) -> Iterator[str]:
    for number, line in numbered(path, text):
        if problem := not_text(line):
            raise StudyError(f"{path}, line {number}: not CSV: {problem}")
        yield line


def _separator(line: str, columns: Sequence[str], told: str) -> str:
    """What parts the values of a header: what its file's name tells, unless another is certain."""
    for separator in (told, *SEPARATORS):
        if set(columns) <= set(_parts(line, separator)):
            return separator
    return told


def _parts(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def _hint(line: str, separator: str) -> str:
    """What the header may be, where it has no column that is looked for."""
    if "\0" in line:
        return "; it is UTF-16 without a mark, or no text: save it as UTF-8"
    likely = max(SEPARATORS, key=lambda other: len(_parts(line, other)))
    if len(_parts(line, likely)) > len(_parts(line, separator)):
        return f"; {likely!r} seems to part its columns"
    return ""


def _row(path: Path, number: int, header: Sequence[str], row: Sequence[str]) -> FileRow:
    if len(row) != len(header):
        problem = f"{len(row)} values; the header has {len(header)} columns"
        return FileRow(path, number, None, problem)
    values = {
        name: None if value in MISSING else value for name, value in zip(header, row, strict=True)
    }
    return FileRow(path, number, values)
