"""Atomic writes: a file or folder is there whole, or not at all.

Two processes that write one path take turns: a stage may live on when the `dvc` that started it
was killed, and the same command may be given again before it ends.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from stages.storage.errors import StudyError

GONE = ".gone"  # ends the name of what is being deleted


def _partial(path: Path) -> Path:
    """The name under which `path` is being written, beside it, so that the rename is atomic."""
    return path.with_name(f".{path.name}.partial")


def _turn(path: Path) -> FileLock:
    """A lock of this path, kept outside the data so that it changes no hash."""
    key = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    return FileLock(Path(tempfile.gettempdir()) / f"selfpredict-{key}.lock")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a path to write; it takes the name `path` when the block ends without an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _turn(path):
        partial = _partial(path)
        _remove(partial)  # what a killed run left
        try:
            yield partial
            os.replace(partial, path)
        finally:
            _remove(partial)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it replaces the folder `path` when the block ends well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _turn(path):
        partial = _partial(path)
        _remove(partial)
        partial.mkdir()
        try:
            yield partial
            _remove(path)
            os.replace(partial, path)
        finally:
            _remove(partial)


def is_being_written(path: Path) -> bool:
    """Whether a process writes `path` right now."""
    try:
        with _turn(path).acquire(timeout=0):
            return False
    except Timeout:
        return True


def take_away(path: Path) -> None:
    """Delete a folder, at once for whoever looks, and what killed runs left of it."""
    gone = path.with_name(f".{path.name}{GONE}")
    _remove(gone)
    if path.exists():
        os.replace(path, gone)
    _remove(gone)
    _remove(_partial(path))


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON with a stable order of keys as given; NaN is refused."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_path(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """What a JSON file that a stage wrote holds; raises StudyError where there is none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"{path}: no such file; run `dvc repro` to make it") from None
    except ValueError as error:
        raise StudyError(f"{path}: not JSON: {error}; run `dvc repro` to make it again") from None


def file_sha256(path: str | Path) -> str:
    """Hex sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
