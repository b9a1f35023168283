"""The files of the published prompt set, and which tasks are in each."""

from functools import lru_cache
from pathlib import Path

from stages.storage.errors import StudyError
from stages.storage.readers import read_rows, row_format


def published_files(folder: Path) -> list[Path]:
    """The JSONL files of a folder, of its train/ and of its test/."""
    places = (folder, folder / "train", folder / "test")
    found = [path for place in places for path in place.glob("*.jsonl*")]
    files = [path for path in found if row_format(path.name) == ".jsonl"]
    files.sort(key=lambda path: (places.index(path.parent), path.name))
    if not files:
        raise StudyError(f"{folder} has no *.jsonl, nor have its folders train and test")
    return files


def names_in(path: Path, column: str) -> frozenset[str]:
    """The texts in a column of a file, which is read once while it stays as it is."""
    about = path.stat()
    return _names(path, column, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=1024)
def _names(path: Path, column: str, size: int, changed: int) -> frozenset[str]:
    found = ((row.values or {}).get(column) for row in read_rows(path))
    return frozenset(name for name in found if isinstance(name, str))
