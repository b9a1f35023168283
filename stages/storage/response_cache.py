"""The response cache: what a subject answered, kept outside the stages' outputs.

A killed run loses at most the batch in flight; adding a task asks only its rows. One SQLite
file in the user's cache folder (`SELFPREDICT_CACHE` names another), safe for many processes.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from platformdirs import user_cache_dir

CACHE_VARIABLE = "SELFPREDICT_CACHE"


def cache_folder() -> Path:
    """The folder of caches and checkpoints, made when it is not there."""
    folder = Path(os.environ.get(CACHE_VARIABLE) or user_cache_dir("selfpredict"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def content_key(*parts: Any) -> str:
    """Hex sha256 of JSON values: the same content gives the same key everywhere."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


class ResponseCache:
    """Answers by content key; a batch is written whole or not at all."""

    def __init__(self, path: Path | None = None) -> None:
        path = path or cache_folder() / "responses.sqlite"
        self._connection = sqlite3.connect(path, timeout=60)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS responses (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
        )

    def __enter__(self) -> "ResponseCache":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def get(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The answers that are there, by key."""
        found = {}
        for key in keys:
            row = self._connection.execute(
                "SELECT value FROM responses WHERE key = ?", (key,)
            ).fetchone()
            if row is not None:
                found[key] = json.loads(row[0])
        return found

    def put(self, answers: dict[str, dict[str, Any]]) -> None:
        """Keep answers, all in one transaction; one that is there already stays."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR IGNORE INTO responses VALUES (?, ?)",
                [(key, json.dumps(value, ensure_ascii=False)) for key, value in answers.items()],
            )
