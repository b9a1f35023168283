"""Atomic writes: a file or folder is there whole, or not at all.

Two processes that write one path take turns: a stage may live on when the `dvc` that started it
was killed, and the same command may be given again before it ends.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from stages.storage.errors import StudyError
from stages.storage.locks import surely, turn

PARTIAL = ".partial"  # ends the name of what is being written
GONE = ".gone"  # and of what is being deleted
DAMAGED = ".damaged"  # begins what is added to the name of what was set aside
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _beside(path: Path, ending: str) -> Path:
    """A hidden name beside `path`, so that a rename is atomic."""
    return path.with_name(f".{path.name}{ending}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        surely(lambda: shutil.rmtree(path))
    elif os.path.lexists(path):  # else a read-only file system refuses what need not be done
        path.unlink()


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a path to write; it takes the name `path` when the block ends without an error.

    Raises StudyError where it cannot be written.
    """
    path = Path(path)
    with writing(path), _partial(path) as partial:
        yield partial
        os.replace(partial, path)


@contextmanager
def first_path(path: Path) -> Iterator[Path | None]:
    """As `atomic_path` where nothing has the name yet; None where something has.

    Of processes that begin one file at once, one makes it and the others find it.
    """
    if os.path.lexists(path):
        yield None
        return
    with writing(path):
        if os.path.lexists(path):
            yield None
            return
        with _partial(path) as partial:
            yield partial
            os.replace(partial, path)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it replaces the folder `path` when the block ends well.

    Raises StudyError where it cannot be written.
    """
    path = Path(path)
    with writing(path), filling(path) as partial:
        yield partial


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """This process's turn to write `path`. What keeps it from that is a line: StudyError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with turn(path):
            yield
    except StudyError:
        raise
    except Exception as error:
        if reason := full_disk(error):
            raise StudyError(f"{path}: {reason}; nothing of it was kept, make room") from error
        if isinstance(error, OSError) and _is_beside(error.filename, path):
            raise StudyError(f"{path}: cannot be written: {error.strerror}") from error
        raise


@contextmanager
def filling(path: Path) -> Iterator[Path]:
    """As `atomic_folder`, where it is this process's turn."""
    with _partial(path) as partial:
        partial.mkdir()
        yield partial
        gone = _beside(path, GONE)
        _remove(gone)
        if path.exists():  # renamed first: a kill leaves no half of it under its name
            os.replace(path, gone)
        os.replace(partial, path)
        _remove(gone)


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """The name under which `path` is written; free before and after."""
    partial = _beside(path, PARTIAL)
    _remove(partial)  # what a killed run left
    try:
        yield partial
    finally:
        _remove(partial)


def full_disk(error: Exception) -> str | None:
    """What the system says of a full disk, in whatever class a library says it; else None."""
    found = [os.strerror(number) for number in FULL]
    return next((text for text in found if text.lower() in str(error).lower()), None)


def _is_beside(name: Any, path: Path) -> bool:
    """Whether a file that an error names is `path`, one of its folders or a hidden one beside."""
    return isinstance(name, str | Path) and (
        Path(name).absolute() in path.absolute().parents
        or (Path(name).absolute().parent == path.absolute().parent and path.name in str(name))
    )


def take_away(path: Path) -> None:
    """Delete a folder, at once for whoever looks, and what killed runs left of it."""
    clear(path)
    if path.exists():
        os.replace(path, _beside(path, GONE))
    clear(path)


def clear(path: Path) -> None:
    """Delete what killed runs left of writing or deleting a path."""
    _remove(_beside(path, GONE))
    _remove(_beside(path, PARTIAL))


def set_aside(path: Path, *endings: str) -> Path:
    """Rename what is damaged, so that it is made anew and nothing of it is lost; its new name.

    `endings` are added to its name in those of files that belong to it; they go first.
    """
    names = (f"{path.name}{DAMAGED}{number or ''}" for number in count())
    aside = next(place for name in names if not (place := path.with_name(name)).exists())
    for ending in (*endings, ""):
        with suppress(FileNotFoundError):
            os.replace(f"{path}{ending}", f"{aside}{ending}")
    return aside


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON with a stable order of keys as given; NaN is refused."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_path(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def write_points(path: str | Path, points: Sequence[Mapping[str, Any]]) -> None:
    """Write the points of a plot, with another sign for `<` in their texts.

    dvc puts their JSON into a script of its page as it is; `</script>` in a name would end it.
    """
    shown = [
        {
            name: of.replace("<", "\u2039") if isinstance(of, str) else of
            for name, of in point.items()
        }
        for point in points
    ]
    write_json(path, shown)


def read_json(path: str | Path) -> Any:
    """What a JSON file that a stage wrote holds; raises StudyError where there is none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_no_number)
    except FileNotFoundError:
        raise StudyError(f"{path}: no such file; run `dvc repro` to make it") from None
    except (ValueError, RecursionError, IsADirectoryError, NotADirectoryError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise StudyError(f"{path}: not JSON: {said}; run `dvc repro` to make it again") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def file_sha256(path: str | Path) -> str:
    """Hex sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
