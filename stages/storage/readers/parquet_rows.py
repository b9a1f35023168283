"""Rows of parquet, by the types that its columns have."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stages.storage.errors import StudyError
from stages.storage.readers import opening
from stages.storage.readers.csv_rows import check_header
from stages.storage.readers.opening import FileRow, too_large, too_many

BATCH = 4096  # rows that are unpacked at once
WITHIN = 32  # bytes more that a value of a list has than one of a row, which is counted by itself
NARROW = {pa.float16(): np.float16, pa.float32(): np.float32}


def parquet_rows(path: Path, columns: Sequence[str] | None) -> Iterator[FileRow]:
    """The rows of a file; `a.b` of `columns` is in column `a`, unless there is a column `a.b`.

    Raises StudyError where it is no parquet, lacks a column, or is larger than what is read.
    """
    try:
        with pq.ParquetFile(path) as file:
            known = file.schema_arrow.names
            found = None if columns is None else (_root(name, known) for name in columns)
            roots = None if found is None else list(dict.fromkeys(found))
            check_header(path, known, roots)
            texts = _checked_leaves(path, file.metadata, known if roots is None else roots)
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            number, size = 0, 0
            for batch in file.iter_batches(BATCH, columns=roots):
                size += sum(_unpacked(array) for array in batch.columns)
                if size > opening.MOST_BYTES:
                    raise too_large(path)
                for row in _python(path, batch):
                    number += 1
                    yield FileRow(path, number, row)
    except (pa.ArrowException, LookupError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is not parquet: {' '.join(str(error).split())}") from error


def _python(path: Path, batch: pa.RecordBatch) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = batch.to_pylist(maps_as_pydicts="strict")
    # A day or a zone of time that Python has not; a map with a name twice.
    except (ValueError, OverflowError, KeyError) as error:
        raise StudyError(f"{path}: a value cannot be read: {error}; write it as text") from error
    for field in batch.schema:
        if _is_narrow(field.type):
            for row in rows:
                row[field.name] = _shortest(row[field.name], field.type)
    return rows


def _root(name: str, known: Sequence[str]) -> str:
    """The column that holds what `name` means; itself where there is none."""
    parts = name.split(".")
    starts = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((start for start in starts if start in known), name)


def _checked_leaves(path: Path, about: pq.FileMetaData, roots: Sequence[str]) -> list[str]:
    """The leaves of these columns that hold bytes; raises StudyError where there is too much."""
    if about.num_rows > opening.MOST_ROWS:
        raise too_many(path)
    texts: dict[str, None] = {}
    size = 0
    for group in map(about.row_group, range(about.num_row_groups)):
        for leaf in map(group.column, range(group.num_columns)):
            if any(f"{leaf.path_in_schema}.".startswith(f"{root}.") for root in roots):
                # What stands once in the file, for many values, has 8 bytes for each in memory.
                size += max(leaf.total_uncompressed_size, 8 * leaf.num_values)
                size += WITHIN * max(0, leaf.num_values - group.num_rows)
                if leaf.physical_type == "BYTE_ARRAY":
                    texts[leaf.path_in_schema] = None
    if size > opening.MOST_BYTES:
        raise too_large(path)
    return list(texts)


def _unpacked(array: pa.Array) -> int:
    """Bytes of the values, where each text that a dictionary holds once is written out."""
    if pa.types.is_dictionary(array.type):
        lengths = pc.binary_length(array.dictionary)
        return int(pc.sum(pc.take(lengths, array.indices)).as_py() or 0)
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        return _unpacked(array.flatten())
    if pa.types.is_struct(array.type):
        return sum(_unpacked(array.field(n)) for n in range(array.type.num_fields))
    return int(array.nbytes)


def _is_narrow(kind: pa.DataType) -> bool:
    """Whether it is a number of 16 or 32 bits with a fraction, or holds one."""
    if kind in NARROW:
        return True
    return any(_is_narrow(kind.field(n).type) for n in range(kind.num_fields))


def _shortest(value: Any, kind: pa.DataType) -> Any:
    """The value, where 0.1 of 32 bits is 0.1 and not 0.10000000149011612."""
    if isinstance(value, list):
        return [_shortest(each, kind.value_type) for each in value]
    if isinstance(value, dict):
        of_map = pa.types.is_map(kind)
        return {
            name: _shortest(each, kind.item_type if of_map else kind.field(name).type)
            for name, each in value.items()
        }
    return value if value is None or kind not in NARROW else float(str(NARROW[kind](value)))
