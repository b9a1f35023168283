"""The response cache: what a subject answered, kept outside the stages' outputs.

A killed run loses at most the batch in flight; adding a task asks only its rows. One SQLite
file in the user's cache folder (`SELFPREDICT_CACHE` names another), safe for many processes.
Beside each answer stand the parts of its key, those that all answers of a subject share once.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from platformdirs import user_cache_dir

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
    parts TEXT NOT NULL, value TEXT NOT NULL, made INTEGER NOT NULL, used INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_question ON answers (question);
"""


def cache_folder() -> Path:
    """The folder of caches and checkpoints, made when it is not there."""
    folder = Path(os.environ.get(CACHE_VARIABLE) or user_cache_dir("selfpredict"))
    folder.mkdir(parents=True, exist_ok=True)
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
    """Answers by content key; a batch is written whole or not at all."""

    def __init__(self, path: Path | None = None) -> None:
        self.connection = sqlite3.connect(path or cache_folder() / ANSWERS, timeout=60)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.executescript(TABLES)

    def __enter__(self) -> "ResponseCache":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()

    def get(self, keys: Iterable[AnswerKey]) -> dict[str, dict[str, Any]]:
        """The answers that are there, by content key."""
        found: dict[str, dict[str, Any]] = {}
        now, stale = int(time.time()), []
        for key in keys:
            row = self.connection.execute(
                "SELECT value, used FROM answers WHERE key = ?", (key.content,)
            ).fetchone()
            if row is not None:
                found[key.content] = json.loads(row[0])
                stale += [key.content] if row[1] < now - HOUR else []
        if stale:
            with self.connection:
                self.connection.executemany(
                    "UPDATE answers SET used = ? WHERE key = ?", [(now, key) for key in stale]
                )
        return found

    def like(self, key: AnswerKey) -> list[KeptParts]:
        """The parts of all answers of the same subject to the same question, the newest first."""
        rows = self.connection.execute(
            "SELECT subjects.parts, answers.parts, made FROM answers JOIN subjects "
            "ON subject = subjects.id WHERE name = ? AND question = ? ORDER BY made DESC",
            (key.subject, key.label),
        )
        return [KeptParts(json.loads(shared) | json.loads(own), made) for shared, own, made in rows]

    def put(self, answers: Iterable[tuple[AnswerKey, dict[str, Any]]]) -> None:
        """Keep answers, all in one transaction; one that is there already stays."""
        now = int(time.time())
        with self.connection:
            for key, value in answers:
                self.connection.execute(
                    "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        key.content,
                        self._subject(key),
                        key.label,
                        _text(key.own),
                        _text(value),
                        now,
                        now,
                    ),
                )

    def _subject(self, key: AnswerKey) -> int:
        named = key.subject, _text(key.shared)
        self.connection.execute("INSERT OR IGNORE INTO subjects (name, parts) VALUES (?, ?)", named)
        row = self.connection.execute(
            "SELECT id FROM subjects WHERE name = ? AND parts = ?", named
        ).fetchone()
        return int(row[0])


def _text(value: Parts) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
