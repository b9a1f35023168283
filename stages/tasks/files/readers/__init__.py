"""The rows of a task's file: JSONL, CSV or parquet, each row with its place or what is wrong.

CSV is read as text and nothing else, so that "None", "NA", "null" and "nan" stay what they are.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stages.storage.errors import StudyError

FORMATS = (".jsonl", ".csv", ".parquet")


@dataclass(frozen=True)
class FileRow:
    """A row by its place: its values by column, or None and what is wrong with it.

    `number` counts lines of JSONL, and rows below the header of CSV, from 1.
    """

    path: Path
    number: int
    values: dict[str, Any] | None
    problem: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}, row {self.number}"


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[FileRow]:
    """The rows of a file, of which at least `columns` are read; None reads all.

    Raises StudyError where the file cannot be read, or its header lacks a column.
    """
    readers = {".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet}
    if path.suffix.lower() not in readers:
        raise StudyError(f"{path} is no file of rows; {', '.join(FORMATS)} are read")
    try:
        yield from readers[path.suffix.lower()](path, columns)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {' '.join(str(error).split())}") from error


def published_files(folder: Path, task: str | None = None) -> list[Path]:
    """The JSONL files of a folder, of its train/ and of its test/.

    Those of one task, where files are called so (`TASK_PROPERTY.jsonl`); else all.
    """
    places = (folder, folder / "train", folder / "test")
    files = [path for place in places for path in sorted(place.glob("*.jsonl"))]
    if not files:
        raise StudyError(f"{folder} has no *.jsonl, nor have its folders train and test")
    return [path for path in files if task and path.name.startswith(f"{task}_")] or files


def _jsonl(path: Path, columns: Sequence[str] | None) -> Iterator[FileRow]:
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                values = json.loads(line.decode("utf-8-sig"))
            except (ValueError, RecursionError) as error:  # also bytes that are not UTF-8
                yield FileRow(path, number, None, f"not JSON: {error}")
                continue
            if isinstance(values, dict):
                yield FileRow(path, number, values)
            else:
                yield FileRow(path, number, None, f"a JSON {type(values).__name__}, no object")


def _csv(path: Path, columns: Sequence[str] | None) -> Iterator[FileRow]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, [])
            _check_header(path, header, columns)
            for number, row in enumerate((row for row in reader if row), start=1):
                if len(row) != len(header):
                    problem = f"{len(row)} values; the header has {len(header)} columns"
                    yield FileRow(path, number, None, problem)
                else:
                    yield FileRow(path, number, dict(zip(header, row, strict=True)))
        except csv.Error as error:
            raise StudyError(f"{path}, line {reader.line_num}: not CSV: {error}") from error
        except UnicodeDecodeError as error:
            raise StudyError(f"{path} is not UTF-8: {error}") from error


def _parquet(path: Path, columns: Sequence[str] | None) -> Iterator[FileRow]:
    try:
        with pq.ParquetFile(path) as file:
            _check_header(path, file.schema_arrow.names, columns)
            number = 0
            for batch in file.iter_batches(columns=None if columns is None else list(columns)):
                for values in batch.to_pylist():
                    number += 1
                    yield FileRow(path, number, values)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is not parquet: {' '.join(str(error).split())}") from error


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str] | None) -> None:
    for name in header:
        if header.count(name) > 1:
            raise StudyError(f"{path}: its header names column {name!r} twice")
    for name in columns or ():
        if name not in header:
            raise StudyError(f"{path} has no column {name!r}; it has {', '.join(header)}")
