"""A JSON file of a stage is read as it was written, or named in a line."""

import pytest

from stages.storage.errors import StudyError
from stages.storage.files import read_json, write_json


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Expecting property name"),
        ('{"gap": NaN}', "NaN is no number of JSON"),
        ("[-Infinity]", "-Infinity is no number of JSON"),
        ("[" * 200_000, "maximum recursion depth"),
        ("\ud800", "can't decode"),
    ],
)
def test_what_no_stage_writes_is_named(tmp_path, text, said):
    (tmp_path / "m.json").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(StudyError, match=rf"m\.json: not JSON: .*{said}.*; run `dvc repro`"):
        read_json(tmp_path / "m.json")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(StudyError, match="not JSON: Is a directory; run"):
        read_json(tmp_path)
    write_json(tmp_path / "m.json", {"gap": 0.1})
    assert read_json(tmp_path / "m.json") == {"gap": 0.1}
