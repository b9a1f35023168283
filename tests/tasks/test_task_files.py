"""Rows keep their values as written; what cannot be read is named with its place."""

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages.storage.errors import StudyError
from stages.tasks.files.readers import published_files, read_rows
from stages.tasks.files.sources import HubData, PathData, parse_task_source, task_file, task_folder
from tests.loaded_files import published_folder

REVISION = "0123456789abcdef0123456789abcdef01234567"
WORDS = ["None", "NA", "null", "nan", "", "007", "1e3", " a,\nb "]


def test_csv_is_text_and_nothing_else(tmp_path):
    path = tmp_path / "words.csv"
    path.write_text("\ufeffword,n\n" + "".join(f'"{word}",1\n' for word in WORDS), encoding="utf-8")
    assert [row.values["word"] for row in read_rows(path, ["word"])] == WORDS
    assert {row.values["n"] for row in read_rows(path)} == {"1"}


def test_parquet_and_jsonl_keep_their_types(tmp_path):
    rows = [{"word": "None", "n": 8, "all": ["a", "b"]}, {"word": None, "n": None, "all": None}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    (tmp_path / "rows.jsonl").write_text('{"word": "None", "n": 8}\n\n{"word": null}\n')
    assert [row.values for row in read_rows(tmp_path / "rows.parquet")] == rows
    assert [row.values for row in read_rows(tmp_path / "rows.parquet", ["n"])] == [
        {"n": 8},
        {"n": None},
    ]
    assert [(row.number, row.values) for row in read_rows(tmp_path / "rows.jsonl")] == [
        (1, {"word": "None", "n": 8}),
        (3, {"word": None}),
    ]


@pytest.mark.parametrize(
    ("name", "content", "number", "problem"),
    [
        ("a.jsonl", b'{"t": 1}\n{"t": \n', 2, "not JSON: Expecting value"),
        ("a.jsonl", b'{"t": 1}\n[1]\n', 2, "a JSON list, no object"),
        ("a.jsonl", b'{"t": "\xff"}\n', 1, "not JSON: 'utf-8' codec"),
        ("a.csv", b"t,n\na,1\nb\n", 2, "1 values; the header has 2 columns"),
        ("a.csv", b"t,n\na,1,2\n", 1, "3 values; the header has 2 columns"),
    ],
)
def test_a_row_that_cannot_be_read_has_a_place(tmp_path, name, content, number, problem):
    (tmp_path / name).write_bytes(content)
    (bad,) = [row for row in read_rows(tmp_path / name) if row.values is None]
    assert bad.place == f"{tmp_path / name}, row {number}" and bad.problem.startswith(problem)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"t,n\na,1\n", "has no column 'text'; it has t, n"),
        ("a.csv", b"", "has no column 'text'"),
        ("a.csv", b"text,text\n", "names column 'text' twice"),
        ("a.csv", b'text\n"a\nb\n', "line 3: not CSV: unexpected end of data"),
        ("a.csv", b"text\n\xff\n", "is not UTF-8"),
        ("a.parquet", b"text", "is not parquet"),
        ("a.txt", b"text", r"is no file of rows; \.jsonl, \.csv, \.parquet are read"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(StudyError, match=message) as error:
        list(read_rows(tmp_path / name, ["text"]))
    assert name in str(error.value) and "\n" not in str(error.value)


def test_files_of_one_task_are_found_by_name(tmp_path):
    folder = published_folder(tmp_path, 1)
    assert [p.name for p in published_files(folder, "quiz")] == [
        "quiz_among_a_or_c.jsonl",
        "quiz_identity.jsonl",
    ]
    assert len(published_files(folder)) == len(published_files(folder, "other")) == 5
    with pytest.raises(StudyError, match=r"has no \*\.jsonl"):
        published_files(folder / "none")


def test_sources_name_a_file_or_a_pinned_data_set():
    assert parse_task_source("path:a/b.csv") == PathData("a/b.csv")
    assert parse_task_source(f"hub:o/n@{REVISION}/a/b.csv") == HubData("o/n", REVISION, "a/b.csv")
    assert parse_task_source(f"hub:o/n@{REVISION}") == HubData("o/n", REVISION, "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.csv", "is no source of a task; use path:FILE or hub:"),
        ("pypi:a==1/b.csv", "is no source of a task"),
        ("path: ", "names no file"),
        ("hub:o/n/a.csv", "names no pinned data set"),
        ("hub:o/n@main/a.csv", "names no pinned data set"),
        (f"hub:o/n@{REVISION}/../a.csv", "names no pinned data set"),
        (f"hub:o/n@{REVISION}//a.csv", "names no pinned data set"),
    ],
)
def test_another_source_is_refused(text, message):
    with pytest.raises(ValueError, match=message) as error:
        parse_task_source(text)
    assert repr(text) in str(error.value)


def test_a_file_is_what_its_hash_says(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text\n")
    good = hashlib.sha256(b"text\n").hexdigest()
    assert task_file(f"path:{path}", good) == path
    with pytest.raises(StudyError, match=f"sha256 {'0' * 64} was expected, {good} was found"):
        task_file(f"path:{path}", "0" * 64)
    with pytest.raises(StudyError, match="there is no file"):
        task_file(f"path:{path}.csv")
    with pytest.raises(StudyError, match="there is no folder"):
        task_folder(f"path:{path}")
