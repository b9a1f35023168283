"""The parquet tables that link the stages, validated on every write and read.

Each row keeps what was asked and what came back, so that a person can read it.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stages.storage.files import atomic_path

Row = dict[str, Any]

_messages = pa.list_(
    pa.struct([pa.field("role", pa.string(), False), pa.field("content", pa.string(), False)])
)

# The questions of a task that brings its own, by property.
_questions = pa.list_(
    pa.struct([pa.field("property", pa.string(), False), pa.field("messages", _messages, False)])
)

_distribution = pa.list_(
    pa.struct(
        [pa.field("answer", pa.string(), False), pa.field("probability", pa.float64(), False)]
    )
)


def _schema(*, optional: frozenset[str] = frozenset(), **columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind, name in optional) for name, kind in columns.items()])


_s, _b, _i, _f = pa.string(), pa.bool_(), pa.int32(), pa.float64()
# The training seed of the subject; none where it was not trained.
_SEED = frozenset({"seed"})

SCHEMAS: dict[str, pa.Schema] = {
    "tasks": _schema(
        input_id=_s, task=_s, family=_s, role=_s, split=_s, input=_s, object_prompt=_messages,
        options=pa.list_(_s), trait_option=_s, questions=_questions,
        optional=frozenset({"trait_option", "questions"}),
    ),
    "behavior": _schema(
        input_id=_s, task=_s, sample=_i, response=_s, finish_reason=_s,
        first_token_logprob=_f, near_tie=_b, fingerprint=_s, seed=_i, optional=_SEED,
    ),
    "datasets": _schema(
        input_id=_s, task=_s, property=_s, question=_messages, label=_s, weight=_f, slice=_s,
        seed=_i, optional=_SEED,
    ),
    "predictions": _schema(
        subject=_s, kind=_s, input_id=_s, task=_s, property=_s, sample=_i, question=_messages,
        raw_answer=_s, finish_reason=_s, answer=_s, compliant=_b, logprob=_f, near_tie=_b,
        distribution=_distribution, seed=_i,
        optional=_SEED | {"answer", "distribution"},
    ),
    "scores": _schema(
        target=_s, predictor=_s, kind=_s, input_id=_s, task=_s, property=_s, truth=_s, answer=_s,
        compliant=_b, correct=_b, mode_answer=_s, mode_correct=_b, predictor_own_behavior=_s,
        agree=_b, seed=_i, before=_s, target_logprob=_f, informative=_b,
        optional=frozenset({"answer", "predictor_own_behavior", "agree", "before"}),
    ),
    # What an experiment asked and what came back (stages/experiments); `condition` is what it
    # varies, `other_truth` a second behavior to compare with, `rank` that of a likely value.
    "outcomes": _schema(
        target=_s, predictor=_s, kind=_s, seed=_i, condition=_s, input_id=_s, task=_s, property=_s,
        question=_messages, raw_answer=_s, answer=_s, compliant=_b, truth=_s, correct=_b,
        mode_correct=_b, other_truth=_s, rank=_i, target_probability=_f, predicted_probability=_f,
        optional=frozenset({
            "question", "raw_answer", "answer", "other_truth", "rank", "mode_correct",
            "target_probability", "predicted_probability",
        }),
    ),
}  # fmt: skip


class TableError(ValueError):
    """A table does not fit its schema; the message names file, column and row."""


def _check(kind: str, table: pa.Table, path: Path) -> None:
    schema = SCHEMAS[kind]
    for field in schema:
        if field.name not in table.column_names:
            raise TableError(f"{path}: column {field.name!r} is missing; a {kind} table has it")
        column = table.column(field.name)
        if column.type != field.type:
            raise TableError(
                f"{path}: column {field.name!r} is {column.type}; a {kind} table has {field.type}"
            )
        if not field.nullable and column.null_count:
            row = next(n for n, value in enumerate(column) if not value.is_valid)
            raise TableError(f"{path}: column {field.name!r}, row {row}: a value is missing")
    extra = sorted(set(table.column_names) - set(schema.names))
    if extra:
        raise TableError(f"{path}: unknown column {extra[0]!r}; a {kind} table has {schema.names}")


def write_table(kind: str, rows: list[Row], path: str | Path) -> None:
    """Write rows as a parquet table of `kind`; the same rows give the same bytes.

    Raises TableError where a row has an unknown column, a wrong type or a missing value.
    """
    path, schema = Path(path), SCHEMAS[kind]
    for number, row in enumerate(rows):
        if extra := sorted(set(row) - set(schema.names)):
            raise TableError(f"{path}: row {number}: unknown column {extra[0]!r}")
    try:
        table = pa.Table.from_pylist(rows, schema=schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TableError(f"{path}: a value does not fit the {kind} table: {error}") from error
    _check(kind, table, path)
    with atomic_path(path) as partial:
        pq.write_table(table, partial, compression="zstd")


def read_table(kind: str, path: str | Path) -> list[Row]:
    """Rows of a parquet table of `kind`, in the order of the file.

    Raises TableError where the file is missing, is no parquet, or does not fit the schema.
    """
    path = Path(path)
    if not path.is_file():
        raise TableError(f"{path}: no such table; run `dvc repro` to make it")
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise TableError(f"{path}: not a parquet file: {error}") from error
    _check(kind, table, path)
    return table.to_pylist()
