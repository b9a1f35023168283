"""How far a job has come: one JSON file of the cache, written before and after each step.

Whoever is killed finds in it what may have been done, and never does that twice.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stages.storage.errors import StudyError
from stages.storage.files import read_json, set_aside, write_json
from stages.storage.keys import Parts, content_key
from stages.storage.locks import turn
from stages.storage.response_cache import cache_folder

FOLDER = "jobs"
TURN = ".turn"  # ends the name of what a process holds while it is at a job
NEW, UPLOADING, UPLOADED = "new", "uploading", "uploaded"  # how far it is: the steps
CREATING, RUNNING, DONE = "creating", "running", "done"
log = logging.getLogger(__name__)


class Journal:
    """The state of one teaching: `step`, ids of its `file` and its `job`, the `result`.

    `past` has the jobs that came to nothing, `at` the parts of the key. A journal that is damaged
    is set aside; what it knew is found at the server.
    """

    def __init__(self, parts: Parts) -> None:
        self.key = content_key(parts)
        self.path = cache_folder() / FOLDER / f"{self.key}.json"
        self.state: dict[str, Any] = {"step": NEW, "past": [], "at": dict(parts)}
        if self.path.exists():
            try:
                self.state |= dict(read_json(self.path))
            except (StudyError, TypeError, ValueError) as error:
                aside = set_aside(self.path)
                log.warning(f"{self.path}: damaged: {error}; set aside as {aside.name}")

    @property
    def step(self) -> str:
        return str(self.state["step"])

    @property
    def bill(self) -> str:
        """By what its job stands in the ledger; one that follows another has a bill of its own."""
        return f"job {self.key} {len(self.state['past'])}"

    @property
    def file_name(self) -> str:
        """What its file is called at the server."""
        return f"selfpredict-{self.key[:32]}.jsonl"

    def note(self, step: str, **known: Any) -> None:
        """Keep what is known at a step, before anything else is done."""
        self.state |= {"step": step, **known}
        write_json(self.path, self.state)


@contextmanager
def journal_of(parts: Parts) -> Iterator[Journal]:
    """The journal of a teaching, which no other process of this machine is at meanwhile."""
    path = Journal(parts).path
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise StudyError(
            f"{path}: cannot be written ({error.strerror}), so a job that is paid for would be lost"
        ) from error
    with turn(path.with_suffix(TURN)):
        yield Journal(parts)
