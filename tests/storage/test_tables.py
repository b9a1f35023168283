"""Tables are validated on write and read; errors name file, column and row."""

import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages.models.questions import metered
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder, atomic_path, file_sha256
from stages.storage.tables import read_table, write_table

ROW = {
    "input_id": "a1",
    "task": "animals_long",
    "sample": 0,
    "response": "cat \U0001f408\n",
    "finish_reason": "stop",
    "first_token_logprob": -0.5,
    "near_tie": False,
    "fingerprint": "f",
    "seed": None,
    **metered(None),
}


def test_rows_come_back_as_written_and_bytes_are_stable(tmp_path):
    write_table("behavior", [ROW, ROW | {"sample": 1}], tmp_path / "a.parquet")
    write_table("behavior", [ROW, ROW | {"sample": 1}], tmp_path / "b.parquet")
    assert read_table("behavior", tmp_path / "a.parquet") == [ROW, ROW | {"sample": 1}]
    assert file_sha256(tmp_path / "a.parquet") == file_sha256(tmp_path / "b.parquet")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"response": None}, "column 'response', row 1: a value is missing"),
        ({"smaple": 1}, "row 1: unknown column 'smaple'"),
        ({"sample": "zero"}, "a value does not fit"),
    ],
)
def test_a_bad_row_is_refused_by_name(tmp_path, change, message):
    with pytest.raises(StudyError, match=message):
        write_table("behavior", [ROW, ROW | change], tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_table_is_refused_by_name(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"input_id": ["a1"]}), path)
    with pytest.raises(StudyError, match=r"a\.parquet: column 'task' is missing"):
        read_table("behavior", path)
    path.write_bytes(b"no parquet")
    with pytest.raises(StudyError, match="not a parquet file"):
        read_table("behavior", path)
    with pytest.raises(StudyError, match="no such table"):
        read_table("behavior", tmp_path / "b.parquet")


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "value.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["value.txt"]
    assert path.read_text() == "old"


def test_a_folder_is_replaced_whole_and_stale_parts_are_cleaned(tmp_path):
    path = tmp_path / "model"
    for name in ("first", "second"):
        (tmp_path / ".model.partial").mkdir()  # what a killed run leaves
        with atomic_folder(path) as partial:
            (partial / name).touch()
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    assert [p.name for p in path.iterdir()] == ["second"]


def test_two_writers_of_one_path_take_turns(tmp_path):
    path, done = tmp_path / "model", []

    def write(name: str) -> None:
        with atomic_folder(path) as partial:
            for number in range(20):
                (partial / f"{name}{number}").touch()
                time.sleep(0.005)
        done.append(name)

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["a", "b"]
    assert sorted(p.name for p in path.iterdir()) == sorted(f"{done[-1]}{n}" for n in range(20))
