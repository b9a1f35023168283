"""The response cache: what a subject answered, kept outside the stages' outputs.

A killed run loses at most the batch in flight; adding a task asks only its rows. One SQLite
file in the user's cache folder (`SELFPREDICT_CACHE` names another), safe for many processes.
Beside each answer stand the parts of its key, those that all answers of a subject share once.
"""

import hashlib
import json
import logging
import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from platformdirs import user_cache_dir

from stages.storage.database import Database
from stages.storage.errors import StudyError
from stages.storage.keys import Parts, content_key

CACHE_VARIABLE = "SELFPREDICT_CACHE"
ANSWERS = "answers.sqlite"
HOUR = 3600  # seconds; the time of last use is kept to the hour, so that reading seldom writes
TABLES = """
CREATE TABLE IF NOT EXISTS subjects (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, parts TEXT NOT NULL, UNIQUE (name, parts)
);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, subject INTEGER NOT NULL REFERENCES subjects, question TEXT NOT NULL,
    parts TEXT NOT NULL, value TEXT NOT NULL, made INTEGER NOT NULL, used INTEGER NOT NULL,
    sha256 TEXT
);
CREATE INDEX IF NOT EXISTS answers_question ON answers (question);
"""
log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """The folder of caches and checkpoints, made when it is not there.

    Raises StudyError where there cannot be one.
    """
    told = os.environ.get(CACHE_VARIABLE)
    try:
        folder = Path(told).expanduser() if told else Path(user_cache_dir("selfpredict"))
        if not folder.is_absolute():  # some commands work in folders of their own
            raise StudyError(f"{CACHE_VARIABLE}: {told!r} is no absolute path")
        folder.mkdir(parents=True, exist_ok=True)
    except RuntimeError as error:  # there is no home
        raise StudyError(f"{CACHE_VARIABLE}: {told or 'is not set'}: {error}") from error
    except OSError as error:
        raise StudyError(
            f"{folder}: no folder for the caches: {error.strerror}; {CACHE_VARIABLE} names another"
        ) from error
    return folder


@dataclass(frozen=True)
class AnswerKey:
    """What decides one answer: `shared` by all answers of its subject, `own` of this one.

    The subject's name and the question's key say whose answer it is and decide nothing.
    """

    subject: str
    question: Sequence[Any]
    shared: Parts
    own: Parts

    @property
    def parts(self) -> Parts:
        return {**self.shared, **self.own}

    @property
    def label(self) -> str:
        """The question's key as it is kept."""
        return json.dumps(list(self.question), default=str)

    @cached_property
    def content(self) -> str:
        return content_key(self.parts)


@dataclass(frozen=True)
class KeptParts:
    """The parts of the key of an answer that is there, and when it was made (seconds)."""

    parts: Parts
    made: int


class ResponseCache:
    """Answers by content key; a batch is written whole or not at all.

    What is damaged is named and no longer there; a cache that is only read keeps nothing new.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.database = Database(path or cache_folder() / ANSWERS, TABLES)
        self.told = False  # that it lacks answers and cannot keep them

    def __enter__(self) -> "ResponseCache":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.database.close()

    def get(
        self, keys: Collection[AnswerKey], *, expected: bool = True
    ) -> dict[str, dict[str, Any]]:
        """The answers that are there, by content key; those not `expected` may lack in silence."""
        contents = list(dict.fromkeys(key.content for key in keys))
        rows = self.database.run(lambda connection: list(_rows(connection, contents)))
        damaged = {key for key, value, sha256, _ in rows if sha256 != _check(key, value)}
        found = {key: json.loads(value) for key, value, *_ in rows if key not in damaged}
        now = int(time.time())
        stale = [(now, key) for key, *_, used in rows if used < now - HOUR]
        path, writable = self.database.path, self.database.writable
        if damaged:
            log.warning(f"{path}: {len(damaged)} of its answers are damaged; they are asked again")
        if expected and not writable and len(found) < len(contents) and not self.told:
            self.told = True
            log.warning(f"{path}: cannot be written; answers that it lacks are asked and not kept")
        if writable and (stale or damaged):

            def note(connection: sqlite3.Connection) -> None:
                connection.executemany("UPDATE answers SET used = ? WHERE key = ?", stale)
                gone = [(key,) for key in damaged]
                connection.executemany("DELETE FROM answers WHERE key = ?", gone)

            self.database.run(note)
        return found

    def like(self, key: AnswerKey) -> list[KeptParts]:
        """The parts of all answers of the same subject to the same question, the newest first."""
        query = (
            "SELECT subjects.parts, answers.parts, CAST(made AS INTEGER) FROM answers "
            "JOIN subjects ON subject = subjects.id WHERE name = ? AND question = ? "
            "ORDER BY made DESC"
        )
        rows = self.database.run(
            lambda connection: connection.execute(query, (key.subject, key.label)).fetchall()
        )
        return [KeptParts(read_shared(shared, own), made) for shared, own, made in rows]

    def put(self, answers: Iterable[tuple[AnswerKey, dict[str, Any]]]) -> None:
        """Keep answers, all in one transaction; one that is there already stays."""
        given, now = list(answers), int(time.time())
        if not self.database.writable:
            return

        def insert(connection: sqlite3.Connection) -> None:
            before, subject = None, 0
            for key, value in given:
                text, whose = _text(value), (key.subject, key.shared)
                if whose != before:
                    before, subject = whose, _subject(connection, key)
                row = key.content, subject, key.label, _text(key.own), text
                connection.execute(
                    "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, now, now, _check(key.content, text)),
                )

        self.database.run(insert)


def read_shared(*texts: str) -> Parts:
    """The parts of a key, as they are kept; those that are damaged are left out."""
    parts: dict[str, Any] = {}
    for text in texts:
        with suppress(ValueError, TypeError):
            parts |= json.loads(text)
    return parts


def _rows(connection: sqlite3.Connection, contents: Iterable[str]) -> Iterator[Any]:
    for content in contents:
        yield from connection.execute(
            "SELECT key, value, sha256, CAST(used AS INTEGER) FROM answers WHERE key = ?",
            (content,),
        )


def _subject(connection: sqlite3.Connection, key: AnswerKey) -> int:
    named = key.subject, _text(key.shared)
    connection.execute("INSERT OR IGNORE INTO subjects (name, parts) VALUES (?, ?)", named)
    row = connection.execute(
        "SELECT id FROM subjects WHERE name = ? AND parts = ?", named
    ).fetchone()
    return int(row[0])


def _check(key: str, value: str) -> str:
    """What tells whether an answer is as it was written."""
    return hashlib.sha256(f"{key}{value}".encode()).hexdigest()


def _text(value: Parts) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
