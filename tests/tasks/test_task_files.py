"""Where the files of tasks are: named by a source, pinned by a hash, in the published folders."""

import gzip
import hashlib

import pytest

from stages.storage.errors import StudyError
from stages.storage.readers import read_rows
from stages.tasks.files.prompt_set import names_in, published_files
from stages.tasks.files.sources import HubData, PathData, parse_task_source, task_file, task_folder
from tests.loaded_files import published_folder

REVISION = "0123456789abcdef0123456789abcdef01234567"


def test_published_files_may_be_packed(tmp_path):
    folder = published_folder(tmp_path, 1)
    plain = folder / "train/quiz_identity.jsonl"
    plain.with_name("quiz_identity.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    files = [
        path for path in published_files(folder) if "quiz" in names_in(path, "original_dataset")
    ]
    assert [p.name for p in files] == ["quiz_among_a_or_c.jsonl", "quiz_identity.jsonl.gz"]
    assert [row.values["behavioral_property"] for path in files for row in read_rows(path)] == [
        "among_a_or_c",
        "identity",
    ]
    assert len(published_files(folder)) == 5
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
