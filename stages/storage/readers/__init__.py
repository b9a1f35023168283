"""The rows of a file of a user, each with its place or what is wrong: JSON, CSV, TSV or parquet."""

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from stages.storage.errors import StudyError
from stages.storage.readers.csv_rows import csv_rows
from stages.storage.readers.json_rows import json_rows
from stages.storage.readers.opening import FileRow, check_plain
from stages.storage.readers.parquet_rows import parquet_rows

FORMATS = (".jsonl", ".json", ".csv", ".tsv", ".parquet")
READ = f"{', '.join(FORMATS)} are read, and all but the last with .gz"


def row_format(name: str) -> str | None:
    """The format of a file of rows by its name, one of FORMATS; None where it is none."""
    path = PurePath(name.lower())
    kind = PurePath(path.stem).suffix if path.suffix == ".gz" else path.suffix
    packed_parquet = path.suffix == ".gz" and kind == ".parquet"
    return kind if kind in FORMATS and not packed_parquet else None


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[FileRow]:
    """The rows of a file, of which at least `columns` are read; None reads all.

    A dotted name is a column, or what lies within one. Raises StudyError where the file cannot be
    read, is larger than what is read, or its header lacks a column.
    """
    try:
        check_plain(path)
        yield from _rows(path, columns)
    except (OSError, EOFError, zlib.error) as error:
        raise StudyError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    except UnicodeDecodeError as error:
        raise StudyError(f"{path} is not {error.encoding}: {error.reason}") from error


def _rows(path: Path, columns: Sequence[str] | None) -> Iterator[FileRow]:
    match row_format(path.name):
        case ".jsonl" | ".json":
            return json_rows(path)
        case ".csv":
            return csv_rows(path, columns, ",")
        case ".tsv":
            return csv_rows(path, columns, "\t")
        case ".parquet":
            return parquet_rows(path, columns)
    raise StudyError(f"{path} is no file of rows; {READ}")
