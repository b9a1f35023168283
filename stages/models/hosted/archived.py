"""Taking in what another machine paid for: an archive is read whole before anything is kept.

What is here already stays. Nothing is unpacked: each member is JSON of a known name, and what
it is kept under is computed anew from what it says.
"""

import gzip
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from stages.models.hosted.archive import (
    ADAPTERS,
    ANSWERS,
    AT_ONCE,
    FORM,
    FORMAT,
    Counts,
)
from stages.models.hosted.ask.replies import Reply
from stages.models.hosted.teach.journal import FOLDER
from stages.storage.errors import StudyError, plain
from stages.storage.files import write_json
from stages.storage.kept_folders import folder_of, is_whole, kept_folder, made_once
from stages.storage.keys import content_key
from stages.storage.response_cache import AnswerKey, ResponseCache, cache_folder

NAMES = re.compile(
    rf"{re.escape(FORM)}|{re.escape(ANSWERS)}|(?:{ADAPTERS}|{FOLDER})/[0-9a-f]{{64}}\.json"
    rf"|{ADAPTERS}/[0-9a-f]{{64}}/[a-z][a-z_]{{0,60}}\.json"
)
KINDS = {"subject": str, "question": list, "shared": dict, "own": dict, "value": dict}
REPLY = {field.name for field in fields(Reply)}
LARGEST = 2**24  # bytes of one answer, or of another member
Answer = tuple[AnswerKey, dict[str, Any]]


def take_in(file: Path) -> tuple[Counts, Counts]:
    """Keep what a file holds and is not here: how much that is, how much is here in another form.

    Raises StudyError, and keeps nothing, where the file is damaged or no archive.
    """
    try:
        small = _read(file)
        count = sum(1 for _ in _answers(file))  # all of them are sound
        new, other = _keep_answers(file) if count else (0, 0)
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, RecursionError) as error:
        raise StudyError(
            f"{file}: cannot be taken in: {plain(str(error)) or type(error).__name__}; nothing "
            "of it is kept. Export it again with `python -m stages.cache export`"
        ) from error
    folders, other_folders = _keep_folders(small)
    journals, other_journals = _keep_journals(small)
    return Counts(new, folders, journals), Counts(other, other_folders, other_journals)


def _read(file: Path) -> dict[str, Any]:
    """All members but the answers, by name; ValueError where one is none of ours."""
    found: dict[str, Any] = {}
    with gzip.open(file) as whole:  # to its end, where its check sum stands
        while whole.read(2**20):
            pass
    with tarfile.open(file, "r:gz") as archive:
        if ANSWERS not in archive.getnames():
            raise ValueError(f"{ANSWERS} is missing")
        for about in archive:
            if not about.isreg() or not NAMES.fullmatch(about.name) or about.name in found:
                raise ValueError(f"{about.name[:100]!r} has no place in an archive of ours")
            stream = archive.extractfile(about)
            if about.name == ANSWERS or stream is None:
                continue
            if about.size > LARGEST:
                raise ValueError(f"{about.name}: {about.size} bytes are too many")
            found[about.name] = _mapping(stream.read(), about.name)
    if found.get(FORM) != FORMAT:
        raise ValueError(f"{FORM} does not say that it is an archive of ours")
    for name, value in found.items():
        folder, _, rest = name.partition("/")
        if folder == ADAPTERS and f"{ADAPTERS}/{rest[:64]}.json" not in found:
            raise ValueError(f"{name}: its {ADAPTERS}/{rest[:64]}.json is missing")
        if rest and "/" not in rest:
            parts = value.get("parts" if folder == ADAPTERS else "at")
            if not isinstance(parts, dict) or content_key(parts) != rest[:64]:
                raise ValueError(f"{name}: is not what its name says")
    return found


def _answers(file: Path) -> Iterator[Answer]:
    """The answers of an archive; ValueError that names a line which is none."""
    with tarfile.open(file, "r:gz") as archive:
        stream: IO[bytes] = archive.extractfile(ANSWERS) or BytesIO()
        number = 0
        while line := stream.readline(LARGEST):
            number += 1
            row = _mapping(line, f"{ANSWERS}: line {number}")
            if not _is_answer(row):
                raise ValueError(f"{ANSWERS}: line {number}: is no answer of a hosted model")
            key = AnswerKey(row["subject"], row["question"], row["shared"], row["own"])
            yield key, row["value"]


def _is_answer(row: dict[str, Any]) -> bool:
    if row.keys() != KINDS.keys() or not all(isinstance(row[k], kind) for k, kind in KINDS.items()):
        return False
    value = row["value"].keys()
    return (value >= REPLY or value == {"abilities"}) and "backend" in row["shared"]


def _keep_answers(file: Path) -> tuple[int, int]:
    """How many are new, and how many are here with another value, which stays."""
    new = other = 0
    with ResponseCache() as cache:
        if not cache.database.writable:
            raise StudyError(f"{cache.database.path}: cannot be written, so nothing was taken in")
        some: list[Answer] = []
        for answer in _answers(file):
            some.append(answer)
            if len(some) == AT_ONCE:
                new, other = _added(cache, some, new, other)
                some = []
        return _added(cache, some, new, other)


def _added(cache: ResponseCache, some: list[Answer], new: int, other: int) -> tuple[int, int]:
    here = cache.get([key for key, _ in some])
    fresh = {key.content: (key, value) for key, value in some if key.content not in here}
    differ = sum(here.get(key.content, value) != value for key, value in some)
    cache.put(fresh.values())
    return new + len(fresh), other + differ


def _keep_folders(small: dict[str, Any]) -> tuple[int, int]:
    new = other = 0
    for name, about in small.items():
        if not name.startswith(f"{ADAPTERS}/") or name.count("/") > 1:
            continue
        files = {
            Path(inner).name: value
            for inner, value in small.items()
            if inner.startswith(f"{name.removesuffix('.json')}/")
        }
        if is_whole(folder := folder_of(ADAPTERS, about["parts"])):
            kept = {p.name: json.loads(p.read_bytes()) for p in folder.glob("[!.]*.json")}
            other += kept != files
            continue

        def write(partial: Path, files: dict[str, Any] = files) -> None:
            for file, value in files.items():
                write_json(partial / file, value)

        made_once(kept_folder(ADAPTERS, str(about["subject"]), about["parts"]), write)
        new += 1
    return new, other


def _keep_journals(small: dict[str, Any]) -> tuple[int, int]:
    new = other = 0
    for name, state in small.items():
        path = cache_folder() / name
        if name.partition("/")[0] != FOLDER:
            continue
        if path.exists():
            other += json.loads(path.read_bytes()) != state
        else:
            write_json(path, state)
            new += 1
    return new, other


def _mapping(data: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"{where}: is no mapping")
    return value
