"""Turns: processes that would write one thing at once do it one after the other.

A lock is a hidden file beside what it locks, so all who share a folder share its locks, and it is
gone once its holder is done. The system frees it when its holder dies, however that comes; the
file that is left then locks nothing and goes with the next turn.
"""

import errno
import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = ".lock"  # ends the name of a lock's file
WITHOUT = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}  # of a file system that has no locks
log = logging.getLogger(__name__)


@contextmanager
def turn(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a path; yields whether it was had, always True where this may wait.

    A file system without locks is told of, and then nobody waits. Raises OSError where the
    folder of `path` cannot be written.
    """
    file = path.absolute().with_name(f".{path.name}{LOCK}")
    descriptor = _taken(file, path, wait)
    if descriptor is None:
        yield False
        return
    try:
        yield True
    finally:
        try:
            with suppress(OSError):  # while it is held: who waits for it sees that it is gone
                surely(file.unlink)
        finally:
            os.close(descriptor)


def surely(clean: Callable[[], None]) -> None:
    """Clean up; where a signal comes meanwhile, again before it goes on its way."""
    try:
        clean()
    except BaseException:
        with suppress(OSError):
            clean()
        raise


def _taken(file: Path, path: Path, wait: bool) -> int | None:
    """A descriptor that holds the lock of the file which has this name now; None if others do."""
    while True:
        descriptor = _opened(file)
        try:
            if not _locked(descriptor, path, wait):
                os.close(descriptor)
                return None
            if _has_name(descriptor, file):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # of a file that its last holder took away; there may be a new one


def _opened(file: Path) -> int:
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except PermissionError:
        if not file.exists():
            raise
        return os.open(file, os.O_RDONLY | os.O_NOFOLLOW)  # another user's; enough to wait for it


def _locked(descriptor: int, path: Path, wait: bool) -> bool:
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                return False
            log.info(f"{path}: another process is writing it; waiting until it is done")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in WITHOUT:
            raise
        log.warning(f"{path}: its file system has no locks; let no other process write it now")
    return True


def _has_name(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False
