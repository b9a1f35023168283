"""How far an errand has come: one JSON file of the cache, written before and after each step.

Whoever is killed finds in it what may have been done, and never does that twice.
"""

import logging
from pathlib import Path
from typing import Any

from stages.storage.errors import StudyError
from stages.storage.files import read_json, set_aside, write_json

NEW, UPLOADING, UPLOADED = "new", "uploading", "uploaded"  # how far it is: the steps
CREATING, RUNNING, DONE = "creating", "running", "done"
log = logging.getLogger(__name__)


class Journal:
    """The state of one errand: `step`, the ids of its `file` and of what was created (`kind`).

    A journal that is damaged is set aside; what it knew is found at the server.
    """

    kind = "errand"

    def __init__(self, path: Path, state: dict[str, Any]) -> None:
        self.key, self.path = path.stem, path
        self.state: dict[str, Any] = {"step": NEW, **state}
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
    def past(self) -> list[str]:
        """The ids of those before it that came to nothing."""
        return list(self.state.get("past", []))

    @property
    def bill(self) -> str:
        """By what it stands in the ledger; one that follows another has a bill of its own."""
        return f"{self.kind} {self.key} {len(self.past)}"

    @property
    def file_name(self) -> str:
        """What its file is called at the server."""
        return f"selfpredict-{self.key[:32]}.jsonl"

    def note(self, step: str, **known: Any) -> None:
        """Keep what is known at a step, before anything else is done."""
        self.state |= {"step": step, **known}
        write_json(self.path, self.state)
