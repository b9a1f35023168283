"""Rows keep their values as written; what cannot be read is named with its place."""

import gzip
import json
import os
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages.storage.errors import StudyError
from stages.storage.readers import opening, read_rows

WORDS = ["NA", "null", "none", "nan b", "007", "1e3", "1951.0", " a,\nb "]
MISSING = ["", "nan", "NaN", "None", "NaT", "<NA>"]


def test_csv_is_text_but_for_what_python_writes_where_there_is_none(tmp_path):
    path = tmp_path / "words.csv"
    path.write_text(
        "\ufeffword,n\n" + "".join(f'"{word}",1\n' for word in WORDS + MISSING), encoding="utf-8"
    )
    read = [row.values["word"] for row in read_rows(path, ["word"])]
    assert read == WORDS + [None] * len(MISSING)
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


TOWNS = [{"t": "Łódź\u2028,\x0b;", "n": "1"}, {"t": "x" * 200_000, "n": "2"}]
CSV = f't,n\n"{TOWNS[0]["t"]}",1\n{TOWNS[1]["t"]},2\n'
LINES = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in TOWNS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV.encode()),
        ("A.CSV", CSV.replace("\n", "\r\n").encode("utf-8-sig")),
        ("a.csv", CSV.replace("\n", "\r").encode()),
        (
            "a.csv",
            CSV.replace("t,n", "t,n,,").replace("1\n", "1,,\n").replace("2\n", "2,,\n").encode(),
        ),
        ("a.csv", CSV.replace(",n", ";n").replace(",1", ";1").replace(",2", ";2").encode()),
        ("a.csv", f"sep=,\n{CSV}".encode()),
        ("a.csv", CSV.encode("utf-16")),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("a.csv", gzip.compress(CSV.encode(), mtime=0)),
        ("a.tsv", CSV.replace(",n", "\tn").replace(",1", "\t1").replace(",2", "\t2").encode()),
        ("a.tsv", CSV.encode()),
        ("a.jsonl", LINES.encode("utf-8-sig")),
        ("a.jsonl", LINES.replace("\n", "\r\n\r\n").encode()),
        ("a.json", LINES.encode("utf-16")),
        ("a.jsonl", json.dumps(TOWNS, indent=1).encode()),
        ("a.json", json.dumps(TOWNS).encode()),
        ("a.jsonl.gz", gzip.compress(LINES.encode(), mtime=0)),
    ],
)
def test_rows_are_read_however_programs_write_them(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    rows = [row.values for row in read_rows(tmp_path / name, ["t", "n"])]
    assert [{"t": row["t"], "n": row["n"]} for row in rows] == TOWNS


def test_parquet_is_read_by_its_types(tmp_path):
    half = pa.struct([("f", pa.float32()), ("t", pa.large_string())])
    columns = {
        "small": pa.array([0.1, None], pa.float32()),
        "within": pa.array([{"f": 0.1, "t": "a"}, None], half),
        "list": pa.array([[0.1], []], pa.list_(pa.float32())),
        "pair": pa.array([[0.1, 0.2], None], pa.list_(pa.float32(), 2)),
        "half": pa.array([[{"f": 0.1}], None], pa.list_(pa.struct([("f", pa.float16())]))),
        "map": pa.array([[("A", 0.1)], None], pa.map_(pa.string(), pa.float32())),
        "kind": pa.array(["a", None]).dictionary_encode(),
        "day": pa.array([date(1951, 5, 1), None]),
        "a.b": ["flat", "flat"],
        "a": [{"b": "deep"}, {"b": "deep"}],
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    first, second = (row.values for row in read_rows(tmp_path / "a.parquet", list(columns)))
    assert first == {
        "small": 0.1,
        "within": {"f": 0.1, "t": "a"},
        "list": [0.1],
        "pair": [0.1, 0.2],
        "half": [{"f": 0.1}],
        "map": {"A": 0.1},
        "kind": "a",
        "day": date(1951, 5, 1),
        "a.b": "flat",
        "a": {"b": "deep"},
    }
    assert [second[name] for name in ("small", "within", "kind", "day")] == [None] * 4
    (row, _) = read_rows(tmp_path / "a.parquet", ["within.t"])
    assert row.values == {"within": first["within"]}


@pytest.mark.parametrize(
    ("name", "content", "number", "problem"),
    [
        ("a.jsonl", b'{"t": 1}\n{"t": \n', 2, "not JSON: Expecting value"),
        ("a.jsonl", b'{"t": 1}\n[1]\n', 2, "a JSON list, no object"),
        ("a.jsonl", b'{"t": "\xff"}\n', 1, "not JSON: byte 0xff is not UTF-8; pro"),
        ("a.jsonl", b'{"t": 1, "t": 2}\n', 1, "not JSON: it has 't' twice"),
        ("a.json", b'[{"t": 1}, "t"]', 2, "a JSON str, no object"),
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
        ("a.csv", b"t,n\na,1\n", "has no column 'text'; it has 't', 'n'"),
        ("a.csv", b"", "has no column 'text'"),
        ("a.csv", b"text,text\n", "names column 'text' twice"),
        ("a.csv", b'text\n"a\nb\n', "line 3: not CSV: unexpected end of data"),
        ("a.csv", b"text\n\xff\n", "is not UTF-8"),
        ("a.csv", b"text\na\nM\xe1laga\n", "line 3: not CSV: byte 0xe1 is not UTF-8; .* cp1252"),
        ("a.csv", b"t;n\na;1\n", "has no column 'text'; it has 't;n'; ';' seems to part its col"),
        ("a.csv", b" text, n\na,1\n", "has no column 'text'; it has ' text', ' n'"),
        ("a.csv", "text".encode("utf-16-le"), "it is UTF-16 without a mark, or no text"),
        ("a.csv", b"\xff\xfea", "is not utf-16"),
        ("a.csv", b"PK\x03\x04...", "is a zip archive, as a workbook of Excel is"),
        ("a.csv", b"PAR1...", "is parquet, and is not called so"),
        ("a.csv.gz", gzip.compress(b"text" * 99, mtime=0)[:-9], "Compressed file ended"),
        ("a.json", b'{\n"text": "a"\n}\n', "is one JSON object over several lines; an object a"),
        ("a.json", b'[{"text": "a"},', "a JSON array: object 2: Expecting value"),
        ("a.json", b'[{"text": "a"}', "a JSON array that does not end"),
        ("a.json", b'[{"text": "a"}] 1', "a JSON array, with something else after object 1"),
        ("a.json", b"[" * 100_000, "a JSON array: object 1: maximum recursion"),
        ("a.parquet", b"text", "is not parquet"),
        ("a.parquet.gz", b"text", "is no file of rows"),
        ("a.txt", b"text", r"is no file of rows; \.jsonl, \.json, \.csv, \.t"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(StudyError, match=message) as error:
        list(read_rows(tmp_path / name, ["text"]))
    assert name in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.timestamp("us", tz="Mars/Base")])
def test_a_time_that_python_has_not_is_one_line(tmp_path, kind):
    pq.write_table(pa.table({"t": pa.array([2**62], kind)}), tmp_path / "a.parquet")
    with pytest.raises(
        StudyError, match=r"a\.parquet: a value cannot be read: .*; write it as text"
    ):
        list(read_rows(tmp_path / "a.parquet"))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_what_is_no_plain_file_is_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(StudyError, match="is a pipe or a device, no plain file"):
        list(read_rows(tmp_path / name))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(StudyError, match="is a folder, no file"):
        list(read_rows(tmp_path / "folder.csv"))


def dictionary(value: object, count: int) -> pa.Array:
    """A value that stands once, for many rows."""
    return pa.array([value]).dictionary_encode().take(pa.array([0] * count))


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("rows", pa.array([1] * 1_001), "has more than 1,000 rows, which are read; take a part"),
        ("text", dictionary("x" * 20_000, 900), "holds more than 1 MiB, which are read"),
        ("list", pa.array([[1] * 200_000]), "holds more than 1 MiB, which are read"),
        ("nulls", pa.array([[None] * 100_000], pa.list_(pa.int8())), "holds more than 1 MiB"),
        (
            "within",
            pa.array([{"t": ["x" * 20_000]}] * 900),
            "holds more than 1 MiB, which are read",
        ),
    ],
)
def test_a_small_parquet_that_holds_much_is_refused(tmp_path, monkeypatch, name, values, message):
    monkeypatch.setattr(opening, "MOST_ROWS", 1_000)
    monkeypatch.setattr(opening, "MOST_BYTES", 2**20)
    path = tmp_path / f"{name}.parquet"
    pq.write_table(pa.table({"t": values}), path, compression="zstd")
    assert path.stat().st_size < 2**15
    with pytest.raises(StudyError, match=message):
        list(read_rows(path, ["t"]))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl.gz", b"\n" * 1_001, "has more than 1,000 rows"),
        ("a.csv.gz", b"t\n" + b"\n" * 1_001, "has more than 1,000 rows"),
        ("a.json", b"[" + b"1," * 1_001, "has more than 1,000 rows"),
        ("a.jsonl.gz", b"a" * 2**21, "holds more than 1 MiB"),
        ("a.csv", b't\n"' + b"a\n" * 2**20, "holds more than 1 MiB|has more than 1,000 rows"),
    ],
)
def test_a_small_text_that_unpacks_to_much_is_refused(
    tmp_path, monkeypatch, name, content, message
):
    monkeypatch.setattr(opening, "MOST_ROWS", 1_000)
    monkeypatch.setattr(opening, "MOST_BYTES", 2**20)
    packed = name.endswith(".gz")
    (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(StudyError, match=message):
        list(read_rows(tmp_path / name, ["t"]))
