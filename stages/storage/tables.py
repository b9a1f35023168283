"""The parquet tables that link the stages, validated on every write and read.

Each row keeps what was asked and what came back, so that a person can read it. A table is written
and read in row groups: as columns (`read_columns`), or row by row (`read_rows`), never whole as
Python objects.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stages.storage.errors import StudyError
from stages.storage.files import atomic_path
from stages.storage.schemas import SCHEMAS

Row = dict[str, Any]
ROW_GROUP = 50_000  # rows that are Python objects at once


def write_table(kind: str, rows: Iterable[Row] | pd.DataFrame, path: str | Path) -> int:
    """Write rows as a parquet table of `kind`; the same rows give the same bytes.

    Rows are taken as they come, a row group at a time. Returns how many there were. Raises
    StudyError where a row has an unknown column, a wrong type or a missing value.
    """
    path, schema, count = Path(path), SCHEMAS[kind], 0
    with (
        atomic_path(path) as partial,
        pq.ParquetWriter(partial, schema, compression="zstd") as file,
    ):
        for table in _groups(kind, rows, path):
            _check(kind, table, path, first_row=count)
            count += table.num_rows
            file.write_table(table)
    return count


def read_rows(kind: str, path: str | Path, /, **wanted: Any) -> Iterator[Row]:
    """The rows of a parquet table of `kind` in the order of the file, a row group at a time.

    `wanted` names values that columns must have (`split="test"`); a list of values means one of
    them. Raises StudyError where the file is missing, is no parquet, or does not fit the schema.
    """
    for table in _read_groups(kind, Path(path)):
        for name, value in wanted.items():
            values = pa.array(value if isinstance(value, list) else [value], table[name].type)
            table = table.filter(pc.is_in(table[name], value_set=values))
        yield from table.to_pylist()


def read_table(kind: str, path: str | Path) -> list[Row]:
    """All rows of a small table: `read_rows` as a list."""
    return list(read_rows(kind, path))


def read_columns(kind: str, path: str | Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Columns of a parquet table of `kind`, all where `columns` is None.

    Texts that repeat are categories. Raises StudyError as `read_rows` does.
    """
    schema = SCHEMAS[kind]
    names = list(columns or schema.names)
    tables = [table.select(names) for table in _read_groups(kind, Path(path))]
    whole = pa.concat_tables(tables) if tables else schema.empty_table().select(names)
    found = whole.to_pandas(strings_to_categorical=True, ignore_metadata=True)
    for name in names:  # a column without a value has no text to tell that it is one of texts
        if isinstance(found[name].dtype, pd.CategoricalDtype) and not len(
            found[name].cat.categories
        ):
            found[name] = pd.Categorical(found[name], pd.Index([], dtype="str"))
    return found


def _groups(kind: str, rows: Iterable[Row] | pd.DataFrame, path: Path) -> Iterator[pa.Table]:
    """The rows as tables of up to ROW_GROUP rows; one that is empty where there are none."""
    schema = SCHEMAS[kind]
    if isinstance(rows, pd.DataFrame):
        if extra := sorted(set(rows.columns) - set(schema.names)):
            raise StudyError(f"{path}: unknown column {extra[0]!r}")
        whole = pa.Table.from_pandas(rows, schema=schema, preserve_index=False)
        yield from (whole.slice(at, ROW_GROUP) for at in range(0, max(len(whole), 1), ROW_GROUP))
        return
    waiting, start = iter(rows), 0
    while (group := list(islice(waiting, ROW_GROUP))) or not start:
        for number, row in enumerate(group, start):
            if extra := sorted(set(row) - set(schema.names)):
                raise StudyError(f"{path}: row {number}: unknown column {extra[0]!r}")
        try:
            yield pa.Table.from_pylist(group, schema=schema)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise StudyError(f"{path}: a value does not fit the {kind} table: {error}") from error
        start += len(group)
        if len(group) < ROW_GROUP:
            return


def _read_groups(kind: str, path: Path) -> Iterator[pa.Table]:
    if not path.is_file():
        raise StudyError(f"{path}: no such table; run `dvc repro` to make it")
    try:
        with pq.ParquetFile(path) as file:
            start = 0
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                _check(kind, table, path, first_row=start)
                start += table.num_rows
                yield table
    except pa.ArrowException as error:
        raise StudyError(f"{path}: not a parquet file: {error}") from error


def _check(kind: str, table: pa.Table, path: Path, first_row: int) -> None:
    schema = SCHEMAS[kind]
    for field in schema:
        if field.name not in table.column_names:
            raise StudyError(f"{path}: column {field.name!r} is missing; a {kind} table has it")
        column = table.column(field.name)
        if column.type != field.type:
            raise StudyError(
                f"{path}: column {field.name!r} is {column.type}; a {kind} table has {field.type}"
            )
        if not field.nullable and column.null_count:
            row = first_row + pc.index(pc.is_null(column), True).as_py()
            raise StudyError(f"{path}: column {field.name!r}, row {row}: a value is missing")
    extra = sorted(set(table.column_names) - set(schema.names))
    if extra:
        raise StudyError(f"{path}: unknown column {extra[0]!r}; a {kind} table has {schema.names}")
