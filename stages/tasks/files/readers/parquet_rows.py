"""Rows of parquet, by the types that its columns have."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stages.storage.errors import StudyError
from stages.tasks.files.readers import opening
from stages.tasks.files.readers.csv_rows import check_header
from stages.tasks.files.readers.opening import FileRow, too_large, too_many

BATCH = 4096  # rows that are unpacked at once


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
                arrays = [_shortest(array) for array in batch.columns]
                size += sum(_unpacked(array) for array in arrays)
                if size > opening.MOST_BYTES:
                    raise too_large(path)
                for row in _python(path, pa.record_batch(arrays, batch.schema.names)):
                    number += 1
                    yield FileRow(path, number, row)
    except (pa.ArrowException, LookupError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is not parquet: {' '.join(str(error).split())}") from error


def _python(path: Path, batch: pa.RecordBatch) -> list[dict[str, Any]]:
    try:
        return batch.to_pylist()
    except (ValueError, OverflowError) as error:  # a day or a zone of time that Python has not
        raise StudyError(f"{path}: a value cannot be read: {error}; write it as text") from error


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


def _shortest(array: pa.Array) -> pa.Array:
    """The array, where 0.1 of 32 bits is 0.1 and not 0.10000000149011612."""
    if _typed(array.type, pa.float32(), pa.string()) == array.type:
        return array
    text = array.cast(_typed(array.type, pa.float32(), pa.string()))
    return text.cast(_typed(array.type, pa.float32(), pa.float64()))


def _typed(kind: pa.DataType, of: pa.DataType, to: pa.DataType) -> pa.DataType:
    """The type with all that are `of` in it replaced."""
    if kind == of:
        return to
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_typed(kind.value_type, of, to))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _typed(field.type, of, to)) for field in kind])
    return kind
