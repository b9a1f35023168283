"""An errand sent: its file is uploaded, it is created, and never twice.

Each step is in the journal before and after it, and what may have been done already is looked for
at the server: a run that was killed goes on by the same command, uploads and pays once.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from stages.models.hosted.errands.door import FILES, Door, LostError, Purpose, RefusedError
from stages.models.hosted.errands.finding import (
    MARK,
    await_file,
    found_errand,
    found_file,
    identifier,
)
from stages.models.hosted.errands.journal import (
    CREATING,
    NEW,
    RUNNING,
    UPLOADED,
    UPLOADING,
    Journal,
)
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.money import Tariff, Tokens
from stages.storage.errors import StudyError

MOST_LOST = 3  # answers to one write that are lost before the run ends
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """What is created: at which `path`, of a file of which purpose, named by which field.

    `optional` fields are left out where a server has no such; `void` are the states of one that
    was created before and is as good as none. `refused` makes the line of a refusal at a path.
    """

    name: str
    plural: str
    path: str
    purpose: Purpose
    field: str
    optional: Collection[str]
    void: Collection[str]
    refused: Callable[[str, RefusedError], StudyError]


class Errand:
    """One of a kind; `content` are the JSON lines of its file."""

    def __init__(self, door: Door, journal: Journal, kind: Kind, content: bytes) -> None:
        self.door, self.journal, self.kind, self.content = door, journal, kind, content
        self.host = door.host

    def send(
        self, told: Mapping[str, Any], ledger: Ledger | None, most: Tokens, tariff: Tariff
    ) -> None:
        """See to it that it is at work, and note its id; it may take `most`, which is set aside.

        `told` is what it is told beside its file and our mark. Raises StudyError where it cannot
        be created: then nothing was paid, or it says what to look for.
        """
        attempt = 0
        while ledger and ledger.reserve(most, tariff, self.journal.bill) is None:
            self.door.pace.wait(attempt)
            attempt += 1
        try:
            file = self._file()
            self.journal.note(RUNNING, **{self.kind.name: self._created_once(file, told)})
        except BaseException:
            if ledger and self.journal.step in (NEW, UPLOADING, UPLOADED):  # none to pay for
                ledger.release(self.journal.bill)
            raise

    def sought(self) -> bool:
        """Whether a killed run created it after all; its id is then noted, and it is at work."""
        if self.journal.step != CREATING:
            return False
        self.door.pace.wait(0, self.door.pace.poll)  # its request may still be under way
        found = self._found(str(self.journal.state["file"]), unsure=True)
        if found is not None:
            name = identifier(found, self.door, f"the {self.kind.name}")
            self.journal.note(RUNNING, **{self.kind.name: name})
        return found is not None

    def _file(self) -> str:
        """The id of the uploaded file; it is uploaded where it is not there."""
        if self.journal.state.get("file"):
            return str(self.journal.state["file"])
        lost = 0
        while (file := self._found_file()) is None:
            self.journal.note(UPLOADING)
            try:
                made = self.door.upload(self.journal.file_name, self.content, self.kind.purpose)
                file = identifier(made, self.door, "the uploaded file")
                break
            except LostError as error:
                lost = self._lost(lost, "the upload", error)
            except RefusedError as error:
                raise self.kind.refused(FILES, error) from error
        log.info(f"{self.host.name}: {len(self.content.splitlines())} rows are the file {file}")
        self.journal.note(UPLOADED, file=file)
        return file

    def _found_file(self) -> str | None:
        name, size = self.journal.file_name, len(self.content)
        try:
            return found_file(self.door, name, size, self.kind.purpose)
        except RefusedError as error:
            if error.status == 403:
                raise self.kind.refused(FILES, error) from error
            return None  # a server without a list; a file that is there twice costs nothing

    def _created_once(self, file: str, told: Mapping[str, Any]) -> str:
        """The id of the errand; it is created where it is not there."""
        lost, unsure = 0, self.journal.step == CREATING
        await_file(self.door, file)
        if unsure:  # a request of the killed run may still be under way
            self.door.pace.wait(0, self.door.pace.poll)
        while (made := self._found(file, unsure=unsure)) is None:
            self.journal.note(CREATING)
            try:
                made = self._create(file, told)
            except LostError as error:
                unsure, lost = True, self._lost(lost, f"a {self.kind.name}'s creation", error)
            except RefusedError as error:
                self._nothing_done(gone=file in error.said)
                raise self.kind.refused(self.kind.path, error) from error
            except StudyError:
                self._nothing_done()
                raise
            else:
                break
        found = identifier(made, self.door, f"the {self.kind.name}")
        log.info(
            f"{self.host.name}: {self.kind.name} {found} at {self.host.host} goes on there if "
            "this stops"
        )
        return found

    def _found(self, file: str, *, unsure: bool) -> dict[str, Any] | None:
        """One of ours; one that came to nothing only where this run may have made it."""
        kind = self.kind
        try:
            found = found_errand(
                self.door, kind.path, self.journal.key, (kind.field, file), self.journal.past
            )
        except RefusedError as error:
            if unsure:
                raise StudyError(
                    f"models.{self.host.name}: a {kind.name} may have been created at "
                    f"{self.host.host}, which does not list its {kind.plural} ({error}); look "
                    f'there, and write its id to {self.journal.path} as "{kind.name}", with '
                    '"step": "running"; where there is none, delete that file'
                ) from error
            return None
        if found is None or (found.get("status") in kind.void and not unsure):
            return None
        log.info(f"{self.host.name}: a {kind.name} on these rows is there already, and is taken")
        return found

    def _create(self, file: str, told: Mapping[str, Any]) -> dict[str, Any]:
        body = {**told, self.kind.field: file, "metadata": {MARK: self.journal.key}}
        while True:
            try:
                return self.door.create(self.kind.path, body)
            except RefusedError as error:
                named = [n for n in self.kind.optional if n in body and n in error.said]
                if error.status not in (400, 422) or not named:
                    raise
                log.info(
                    f"{self.host.name}: {error}; the {self.kind.name} is created without {named[0]}"
                )
                del body[named[0]]

    def _lost(self, before: int, what: str, error: LostError) -> int:
        if before + 1 >= MOST_LOST:
            raise StudyError(
                f"models.{self.host.name}: the answer to {what} was lost {MOST_LOST} times "
                f"({error}); give the same command again: it looks for what was done"
            ) from error
        log.info(f"{self.host.name}: the answer to {what} was lost ({error}); looking for it")
        self.door.pace.wait(before)
        return before + 1

    def _nothing_done(self, *, gone: bool = False) -> None:
        """Note that none was created; a file that is gone is uploaded anew by the next run."""
        self.journal.note(UPLOADED, **({"file": None} if gone else {}))
