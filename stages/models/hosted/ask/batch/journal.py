"""Which answers a batch has: its journal stays open until all of them are taken.

So a run that was killed, another command, or another question that shares prompts with these,
takes what was paid for.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path

from stages.models.hosted.ask.batch.lines import Chunk
from stages.models.hosted.errands.journal import CREATING, DONE, RUNNING, Journal
from stages.models.hosted.identity import Host
from stages.models.hosted.money import Tokens
from stages.storage.errors import StudyError
from stages.storage.keys import content_key, digest
from stages.storage.locks import turn
from stages.storage.response_cache import cache_folder

FOLDER = "batches"
TAKEN = ""  # in place of a key
TURN = ".turn"  # ends the name of what a process holds while it creates a batch


class BatchJournal(Journal):
    """That of one batch: the id of the `batch`; keys of answers that were not taken, by line."""

    kind = "batch"

    def __init__(self, path: Path) -> None:
        super().__init__(path, {"lines": {}, "likely": [0, 0], "count": 0})

    @property
    def lines(self) -> dict[str, list[str]]:
        """The keys of the answers of each line, by its custom_id; TAKEN where one was."""
        return {str(name): list(map(str, keys)) for name, keys in self.state["lines"].items()}

    @property
    def batch(self) -> str:
        return str(self.state["batch"])

    @property
    def each(self) -> Tokens:
        """What a request takes that the server does not count: about, with a full answer."""
        prompt, answer = self.state["likely"]
        size = max(1, self.state["count"])
        return Tokens(prompt=-(-prompt // size), answer=-(-answer // size))

    def has(self, keys: Collection[str]) -> bool:
        """Whether any of these answers is to be had."""
        return any(key in keys for line in self.lines.values() for key in line)


class Journals:
    """Those of one model of one server."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.folder = cache_folder() / FOLDER / digest([host.model, host.host])[:16]

    @contextmanager
    def held(self) -> Iterator[None]:
        """No other process of this machine creates a batch of this model meanwhile."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StudyError(
                f"{self.folder}: cannot be written ({error.strerror}), so a batch that is paid for "
                "would be lost"
            ) from error
        with turn(self.folder.with_suffix(TURN)):
            yield

    def open(self) -> Iterator[BatchJournal]:
        """Those with answers that were not taken."""
        for path in sorted(self.folder.glob("*.json")):
            journal = BatchJournal(path)
            if journal.step != DONE and journal.lines:
                yield journal

    def of(self, chunk: Chunk) -> BatchJournal:
        """That of a file; where it was a batch before, whose answers are taken, a new one."""
        for attempt in count():
            parts = {
                "lines": sha256(chunk.content).hexdigest(),
                "model": self.host.model,
                "host": self.host.host,
                "attempt": attempt,
            }
            journal = BatchJournal(self.folder / f"{content_key(parts)}.json")
            if journal.step != DONE:
                break
        journal.state |= {
            "lines": {line[0]: line for line in chunk.keys},
            "likely": [chunk.likely.prompt, chunk.likely.answer],
            "count": len(chunk.keys),
            "at": parts,
        }
        return journal

    def taken(self, journal: BatchJournal, keys: Collection[str]) -> None:
        """Note which answers were taken, or cannot be had; nothing is left of a batch done."""
        with self.held():
            known = BatchJournal(journal.path)  # another process may have taken others
            left = {
                name: [TAKEN if key in keys else key for key in line]
                for name, line in known.lines.items()
                if not all(key in keys or key == TAKEN for key in line)
            }
            known.note(known.step if left else DONE, lines=left)

    def check(self, keys: Collection[str]) -> None:
        """StudyError where a batch has some of these answers: by themselves they cost anew."""
        for journal in self.open():
            if journal.step in (CREATING, RUNNING) and journal.has(keys):
                name = journal.state.get("batch", "of a killed run")
                raise StudyError(
                    f"models.{self.host.name}: batch {name} at {self.host.host} has some of these "
                    "answers: sampling.mode: batch takes them. Without the file "
                    f"{journal.path} they are asked live, and paid for anew"
                )
