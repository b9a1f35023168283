"""A SQLite file that many processes share, that may be read-only, damaged or on a full disk."""

import errno
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from urllib.parse import quote

from stages.storage.errors import StudyError
from stages.storage.files import first_path, set_aside, writing

PATIENCE = 600  # seconds that one process waits for the others to write
ATTEMPT = 1.0  # seconds of it at a time: within, SQLite hears no signal
BESIDE = ("-wal", "-shm")  # end the names of what SQLite keeps beside a file
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
READ_ONLY = ("SQLITE_READONLY", "SQLITE_CANTOPEN")
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
TROUBLE = ("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_PROTOCOL", *READ_ONLY, *DAMAGED)
Found = TypeVar("Found")
log = logging.getLogger(__name__)


class UnfitError(sqlite3.DatabaseError):
    """The tables are other ones: no file of ours, or a damaged one."""

    sqlite_errorname = DAMAGED[0]


class Database:
    """The tables of one file, made whole where it is not there.

    A damaged file, or one that lacks a table, is named, set aside and begun anew. `writable` is
    False where the file or its folder is read-only: then it holds what it held, or nothing.
    Raises StudyError.
    """

    def __init__(self, path: Path, tables: str) -> None:
        self.path, self.tables = path, tables
        self._connection: sqlite3.Connection | None = None
        self.writable = True
        self._copies: TemporaryDirectory[str] | None = None
        self.run(lambda connection: None)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._copies is not None:
            self._copies.cleanup()

    def run(self, job: Callable[[sqlite3.Connection], Found]) -> Found:
        """What a job gives, done in one transaction: again after others, and in a new file."""
        end, waits, anew = time.monotonic() + PATIENCE, False, False
        while True:
            try:
                self._connection = connection = self._connection or self._open()
                with connection:
                    return job(connection)
            except sqlite3.Error as error:
                kind = _kind(error)
                if kind.startswith(DAMAGED) and self.writable and not anew:
                    anew = True
                    self._set_aside(error)
                elif kind.startswith("SQLITE_BUSY") and time.monotonic() < end:
                    if not waits:
                        log.info(f"{self.path}: another process is writing it; waiting")
                    waits = True
                elif kind.startswith(TROUBLE):
                    raise StudyError(f"{self.path}: {error}; nothing was changed in it") from error
                else:
                    raise

    def _open(self) -> sqlite3.Connection:
        self._begin()
        self._inode, connection = _inode(self.path), None
        try:
            connection = _connected(str(self.path))
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("PRAGMA user_version = 0")  # which tells whether it can be written
            changes = list(self._changes(connection))
            for change in changes:
                connection.execute(change)
            (connection.commit if changes else connection.rollback)()
            connection.execute("PRAGMA journal_mode=WAL")
            return connection
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            if not _kind(error).startswith(READ_ONLY):
                raise
            self.writable = False
            return self._open_read_only()

    def _begin(self) -> None:
        """Make the file where there is none, if it can be written."""
        try:
            with first_path(self.path) as partial:
                if partial is not None:
                    with closing(_connected(str(partial))) as connection:
                        connection.executescript(self.tables)
        except StudyError as error:
            if not (isinstance(error.__cause__, OSError) and error.__cause__.errno in REFUSED):
                raise
        if os.path.lexists(self.path) and not self.path.is_file():
            raise StudyError(f"{self.path}: is no file, or a link to none; take it away")

    def _open_read_only(self) -> sqlite3.Connection:
        where = quote(os.fsencode(self.path))
        wal, shm = (self.path.with_name(f"{self.path.name}{ending}") for ending in BESIDE)
        ways = [f"file:{where}?mode=ro"]
        if not wal.is_file() or not wal.stat().st_size:
            ways.append(f"file:{where}?mode=ro&immutable=1")
        elif not shm.is_file():
            ways.append(self._copied(wal))
        for way in ways if self.path.is_file() else []:
            try:
                connection = _connected(way)
                if not list(self._changes(connection)):
                    return connection
            except sqlite3.OperationalError as error:
                if not _kind(error).startswith(READ_ONLY):
                    raise
        connection = _connected(":memory:")
        connection.executescript(self.tables)
        return connection

    def _copied(self, wal: Path) -> str:
        """What a killed process left can only be read where one may write: in a copy."""
        self._copies = TemporaryDirectory()
        for path in (self.path, wal):
            shutil.copy(path, self._copies.name)
        return f"file:{quote(self._copies.name)}/{quote(self.path.name)}"

    def _changes(self, connection: sqlite3.Connection) -> Iterator[str]:
        """What gives the indexes that are not there, and columns that came later.

        Raises UnfitError where a table is not there or has other columns.
        """
        wanted = "SELECT name, sql, type FROM sqlite_master WHERE sql IS NOT NULL"
        with closing(sqlite3.connect(":memory:")) as model:
            model.executescript(self.tables)
            there = {name for name, *_ in connection.execute(wanted)}
            for name, statement, kind in model.execute(wanted).fetchall():
                if name not in there:
                    if kind == "table":
                        raise UnfitError(f"it lacks the table {name}")
                    yield statement
                    continue
                ours, found = (
                    [row[1:3] for row in side.execute(f"PRAGMA table_info({name})")]
                    for side in (model, connection)
                )
                if found != ours[: len(found)]:
                    raise UnfitError(f"{name} has other columns")
                for column, type_ in ours[len(found) :]:
                    yield f"ALTER TABLE {name} ADD COLUMN {column} {type_}"

    def _set_aside(self, error: sqlite3.Error) -> None:
        """Set the damaged file aside, unless another process did so meanwhile."""
        self.close()
        try:
            with writing(self.path):
                if self._inode is not None and _inode(self.path) == self._inode:
                    aside = set_aside(self.path, *BESIDE).name
                    log.warning(f"{self.path}: damaged: {error}; set aside as {aside}, begun anew")
        except StudyError as refused:
            raise StudyError(f"{self.path}: damaged: {error}; not set aside: {refused}") from error


def _connected(where: str) -> sqlite3.Connection:
    connection = sqlite3.connect(where, timeout=ATTEMPT, uri=where.startswith("file:"))
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    return connection


def _inode(path: Path) -> int | None:
    return path.stat().st_ino if path.is_file() else None


def _kind(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "")
