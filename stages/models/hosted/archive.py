"""What was paid for as one file, so that a second machine pays nothing.

A tar of JSON: answers.jsonl, adapters/KEY.json with the files of adapters/KEY/, and journals
jobs/KEY.json. Nothing of it holds a key of an account, or a path of this machine. The account
(spent.sqlite) stays: it is of this machine's studies.
"""

import json
import logging
import sqlite3
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from stages.models.hosted.teach.journal import FOLDER
from stages.storage.errors import StudyError
from stages.storage.files import atomic_path
from stages.storage.kept_folders import HASHES, is_whole, parts_file, read_parts
from stages.storage.response_cache import ANSWERS as SQLITE
from stages.storage.response_cache import AnswerKey, ResponseCache, cache_folder, read_shared

FORM, FORMAT = "selfpredict.json", {"holds": "answers and trainings of servers", "format": 1}
ANSWERS, ADAPTERS = "answers.jsonl", "adapters"
AT_ONCE = 500  # answers that are read or written together
HOSTED = """
SELECT subjects.name, subjects.parts, question, answers.parts FROM answers
JOIN subjects ON subject = subjects.id WHERE json_valid(subjects.parts)
AND json_extract(subjects.parts, '$.backend') IS NOT NULL ORDER BY answers.key
"""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Counts:
    """How much of what an archive holds, or was taken from one."""

    answers: int = 0
    trainings: int = 0
    journals: int = 0

    def __str__(self) -> str:
        return f"{self.answers:,} answers, {self.trainings:,} trainings, {self.journals:,} journals"


def export(file: Path) -> Counts:
    """Write all that servers were paid for to a file; StudyError where there is nothing."""
    with atomic_path(file) as partial, tarfile.open(partial, "w:gz") as archive:
        _add(archive, FORM, FORMAT)
        with TemporaryFile() as lines:
            answers = _write_answers(lines)
            about = tarfile.TarInfo(ANSWERS)
            about.size = lines.tell()
            lines.seek(0)
            archive.addfile(about, lines)
        trainings = sum(_add_folder(archive, folder) for folder in _hosted_folders())
        journals = sum(_add_journal(archive, path) for path in _journals())
        counts = Counts(answers, trainings, journals)
        if counts == Counts():
            raise StudyError(f"{cache_folder()}: holds nothing of a hosted model to export")
    return counts


def _write_answers(lines: IO[bytes]) -> int:
    """The answers of hosted models that are as they were written, a line each; how many."""
    if not (cache_folder() / SQLITE).is_file():
        return 0
    count = 0
    with ResponseCache() as cache:
        keys = [_key(*row) for row in cache.database.run(_hosted)]
        for at in range(0, len(keys), AT_ONCE):
            some = keys[at : at + AT_ONCE]
            found = cache.get(some)
            for key in some:
                if key.content in found:
                    row = {
                        "subject": key.subject,
                        "question": list(key.question),
                        "shared": dict(key.shared),
                        "own": dict(key.own),
                        "value": found[key.content],
                    }
                    lines.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
                    count += 1
    return count


def _hosted(connection: sqlite3.Connection) -> list[Any]:
    return connection.execute(HOSTED).fetchall()


def _key(subject: str, shared: str, question: str, own: str) -> AnswerKey:
    return AnswerKey(subject, json.loads(question), read_shared(shared), read_shared(own))


def _hosted_folders() -> Iterator[Path]:
    for folder in sorted((cache_folder() / ADAPTERS).glob("*")):
        about = read_parts(parts_file(folder)) if folder.is_dir() else None
        if about is not None and "backend" in about["parts"] and is_whole(folder):
            yield folder


def _add_folder(archive: tarfile.TarFile, folder: Path) -> int:
    _add(archive, f"{ADAPTERS}/{folder.name}.json", read_parts(parts_file(folder)))
    for path in sorted(folder.glob("*.json")):
        if path.name != HASHES:
            _add(archive, f"{ADAPTERS}/{folder.name}/{path.name}", json.loads(path.read_bytes()))
    return 1


def _journals() -> Iterator[Path]:
    yield from sorted((cache_folder() / FOLDER).glob("*.json"))


def _add_journal(archive: tarfile.TarFile, path: Path) -> int:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        log.warning(f"{path}: damaged, and left out: {error}")
        return 0
    _add(archive, f"{path.parent.name}/{path.name}", told)
    return 1


def _add(archive: tarfile.TarFile, name: str, value: Any) -> None:
    data = json.dumps(value, ensure_ascii=False, indent=2).encode()
    about = tarfile.TarInfo(name)
    about.size = len(data)
    archive.addfile(about, BytesIO(data))
