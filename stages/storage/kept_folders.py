"""Folders that took long to make, kept in the user's cache by key: adapters and the like.

The parts of the key lie beside the folder, as KEY.json; its time is that of the last use. In the
folder lie the hashes of its files: one that is no longer as it was made is set aside.
"""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

from stages.storage.errors import StudyError
from stages.storage.files import (
    file_sha256,
    filling,
    set_aside,
    take_away,
    write_json,
    writing,
)
from stages.storage.keys import Parts, content_key
from stages.storage.locks import turn
from stages.storage.response_cache import cache_folder

KINDS = ("adapters", "checkpoints", "organisms")
HASHES = ".files.json"  # sha256 of each file, by its path in the folder
log = logging.getLogger(__name__)


def folder_of(kind: str, parts: Parts) -> Path:
    """Where the folder of a key lies, or would."""
    return cache_folder() / kind / content_key(parts)


def kept_folder(kind: str, subject: str, parts: Parts) -> Path:
    """As `folder_of`, of a folder that is used or will be; `subject` only says whose it is."""
    folder = folder_of(kind, parts)
    beside, about = parts_file(folder), {"subject": subject, "parts": dict(parts)}
    with suppress(OSError, StudyError):  # a cache that is only read is used as it is
        if read_parts(beside):
            beside.touch()
        else:
            write_json(beside, about)
    return folder


def parts_file(folder: Path) -> Path:
    """The file that has the parts of a kept folder's key."""
    return folder.with_name(f"{folder.name}.json")


def read_parts(beside: Path) -> dict[str, Any] | None:
    """What such a file says: `subject` and `parts`; None where it is not there or broken."""
    try:
        about = json.loads(beside.read_text(encoding="utf-8"))
        return {"subject": str(about["subject"]), "parts": dict(about["parts"])}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """A kept folder, filled by `make` where it is not there as it was made.

    Who wants it while another process makes it waits for that. Raises StudyError where it cannot
    be written.
    """
    if not is_whole(folder):
        with writing(folder):
            if not usable(folder):  # another process may have made it meanwhile
                with filling(folder) as partial:
                    make(partial)
                    keep_hashes(partial)
    return folder


def is_whole(folder: Path) -> bool:
    """Whether a kept folder is there as it was made."""
    return folder.is_dir() and not _damage(folder)


def usable(folder: Path) -> bool:
    """As `is_whole`, where it is this process's turn: a damaged folder is named and set aside."""
    if not folder.exists():
        return False
    if damage := _damage(folder):
        aside = set_aside(folder)
        log.warning(f"{folder}: damaged: {damage}; set aside as {aside.name} and made anew")
    return not damage


def keep_hashes(folder: Path) -> None:
    """Note what the files of a folder are, when all are written."""
    write_json(folder / HASHES, {name: file_sha256(folder / name) for name in _files(folder)})


def _files(folder: Path) -> list[str]:
    """The paths of the files in a folder, but for the list of their hashes."""
    paths = (path for path in folder.rglob("*") if not path.is_dir())
    return sorted({path.relative_to(folder).as_posix() for path in paths} - {HASHES})


def copy_kept(folder: Path, to: Path) -> None:
    """Copy what was made to a folder that is not there yet."""
    copytree(folder, to, ignore=ignore_patterns(HASHES))


def forget(folder: Path, made: Path, *, wait: bool = True) -> bool:
    """Delete a kept folder and its parts, in the turn of what is made of it; whether it went."""
    if not folder.exists() and not parts_file(folder).exists():
        return True
    made.parent.mkdir(exist_ok=True)
    with turn(made, wait=wait) as had:
        if had:
            take_away(folder)
            take_away(parts_file(folder))
    return had


def _damage(folder: Path) -> str | None:
    """What is not as it was made in a folder."""
    try:
        hashes = json.loads((folder / HASHES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return f"{HASHES} is missing"
    except (NotADirectoryError, IsADirectoryError, ValueError, RecursionError):
        return f"{HASHES} is broken"
    if not isinstance(hashes, dict):
        return f"{HASHES} is broken"
    if added := sorted(set(_files(folder)) - hashes.keys()):
        return f"{added[0]} is not in {HASHES}"
    for name, sha256 in hashes.items():
        file = folder / name
        if not file.is_file():
            return f"{name} is missing"
        if file_sha256(file) != sha256:
            return f"{name} is not as it was written"
    return None
