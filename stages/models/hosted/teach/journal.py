"""The journal of a teaching, which one process of a machine is at."""

from collections.abc import Iterator
from contextlib import contextmanager

from stages.models.hosted.errands.journal import Journal
from stages.storage.errors import StudyError
from stages.storage.keys import Parts, content_key
from stages.storage.locks import turn
from stages.storage.response_cache import cache_folder

FOLDER = "jobs"
TURN = ".turn"  # ends the name of what a process holds while it is at a job


class JobJournal(Journal):
    """That of a teaching: `job`, the `result`; `past` jobs, and `at` the parts of the key."""

    kind = "job"

    def __init__(self, parts: Parts) -> None:
        path = cache_folder() / FOLDER / f"{content_key(parts)}.json"
        super().__init__(path, {"past": [], "at": dict(parts)})


@contextmanager
def journal_of(parts: Parts) -> Iterator[JobJournal]:
    """The journal of a teaching, which no other process of this machine is at meanwhile."""
    path = JobJournal(parts).path
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise StudyError(
            f"{path}: cannot be written ({error.strerror}), so a job that is paid for would be lost"
        ) from error
    with turn(path.with_suffix(TURN)):
        yield JobJournal(parts)
