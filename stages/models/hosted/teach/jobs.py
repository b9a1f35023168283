"""teach: openai_jobs. Upload a file, create a job, wait for it: the model that it made.

Each step is in the journal before and after it, and what may have been done already is looked for
at the server: a run that was killed goes on by the same command, uploads and pays once.
"""

import logging
from typing import Any

from stages.models.hosted.identity import Host
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.money import Tariff, Tokens, dollars
from stages.models.hosted.teach.door import USUAL, Door, LostError, Pace, RefusedError
from stages.models.hosted.teach.finding import (
    FILES,
    JOBS,
    MARK,
    NOTHING,
    await_file,
    found_file,
    found_job,
    identifier,
)
from stages.models.hosted.teach.journal import (
    CREATING,
    DONE,
    NEW,
    RUNNING,
    UPLOADED,
    UPLOADING,
    Journal,
    journal_of,
)
from stages.models.hosted.teach.lesson import Lesson, training_estimate
from stages.models.hosted.teach.outcome import Taught, refused, result_of, wait
from stages.models.hosted.teach.section import JobSettings
from stages.storage.errors import StudyError
from stages.storage.keys import Parts

MARGIN = 1.5  # times the tokens that are estimated: what a job may take at most
MOST_LOST = 3  # answers to one write that are lost before the run ends
OPTIONAL = ("metadata", "seed")  # what some servers do not take, and a job can do without
log = logging.getLogger(__name__)


def taught(
    host: Host, lesson: Lesson, settings: JobSettings, ledger: Ledger, pace: Pace = USUAL
) -> Taught:
    """The model that a job made of the host's model by the lesson; the same one ever after.

    Raises StudyError where the door is closed, a limit would be passed, or the job came to
    nothing: it says what happened, what that cost and what to do.
    """
    with journal_of(job_parts(host, lesson, settings)) as journal:
        if journal.step != DONE:
            with Door(host, pace) as door:
                _Teaching(door, journal, lesson, settings, ledger).run()
        return result_of(host, journal, ledger)


def job_parts(host: Host, lesson: Lesson, settings: JobSettings) -> Parts:
    """What decides a job: its key, in the journal and of what it made."""
    return {
        "backend": "openai_jobs",
        "data": lesson.content,
        "settings": settings.parts,
        "model": host.model,
        "host": host.host,
    }


class _Teaching:
    def __init__(
        self, door: Door, journal: Journal, lesson: Lesson, settings: JobSettings, ledger: Ledger
    ) -> None:
        self.door, self.journal, self.ledger = door, journal, ledger
        self.lesson, self.settings, self.host = lesson, settings, door.host

    def run(self) -> None:
        limits, epochs = self.ledger.limits, self.settings.epochs
        estimate = training_estimate(self.lesson, epochs, self.host.name, limits)
        expected = estimate.tokens
        log.info(
            f"{self.host.name}: a job on {self.lesson.rows} rows, about {expected.trained:,} "
            f"tokens, cost {dollars(estimate.cost_usd)} (estimated)"
        )
        if self.journal.step != RUNNING:
            self._reserve(Tokens(trained=round(MARGIN * expected.trained)))
            try:
                file = self._file()
                self.journal.note(RUNNING, job=self._job(file))
            except BaseException:
                if self.journal.step in (NEW, UPLOADING, UPLOADED):  # there is no job to pay for
                    self.ledger.release(self.journal.bill)
                raise
        wait(self.door, self.journal, self.ledger, expected)

    def _reserve(self, most: Tokens) -> None:
        attempt = 0
        while self.ledger.reserve(most, Tariff(self.host.name), self.journal.bill) is None:
            self.door.pace.wait(attempt)
            attempt += 1

    def _file(self) -> str:
        """The id of the uploaded file; it is uploaded where it is not there."""
        if self.journal.state.get("file"):
            return str(self.journal.state["file"])
        lost = 0
        while (file := self._found_file()) is None:
            self.journal.note(UPLOADING)
            try:
                made = self.door.upload(self.journal.file_name, self.lesson.lines)
                file = identifier(made, self.door, "the uploaded file")
                break
            except LostError as error:
                lost = self._lost(lost, "the upload", error)
            except RefusedError as error:
                raise refused(self.host, self.settings.older_shape, FILES, error) from error
        log.info(f"{self.host.name}: {self.lesson.rows} rows are the file {file}")
        self.journal.note(UPLOADED, file=file)
        return file

    def _found_file(self) -> str | None:
        try:
            return found_file(self.door, self.journal.file_name, len(self.lesson.lines))
        except RefusedError as error:
            if error.status == 403:
                raise refused(self.host, self.settings.older_shape, FILES, error) from error
            return None  # a server without a list; a file that is there twice costs nothing

    def _job(self, file: str) -> str:
        """The id of the job; it is created where it is not there."""
        lost, unsure = 0, self.journal.step == CREATING
        await_file(self.door, file)
        if unsure:  # a request of the killed run may still be under way
            self.door.pace.wait(0, self.door.pace.poll)
        while (job := self._found_job(file, unsure=unsure)) is None:
            self.journal.note(CREATING)
            try:
                job = self._created(file)
            except LostError as error:
                unsure, lost = True, self._lost(lost, "a job's creation", error)
            except RefusedError as error:
                self._nothing_done(gone=file in error.said)
                raise refused(self.host, self.settings.older_shape, JOBS, error) from error
            except StudyError:
                self._nothing_done()
                raise
            else:
                break
        found = identifier(job, self.door, "the job")
        log.info(f"{self.host.name}: job {found} at {self.host.host} goes on there if this stops")
        return found

    def _found_job(self, file: str, *, unsure: bool) -> dict[str, Any] | None:
        """A job of ours; one that came to nothing only where this run may have made it."""
        try:
            job = found_job(self.door, self.journal.key, file, self.journal.state["past"])
        except RefusedError as error:
            if unsure:
                raise StudyError(
                    f"models.{self.host.name}: a job may have been created at {self.host.host}, "
                    f"which does not list its jobs ({error}); look there, and write its id to "
                    f'{self.journal.path} as "job", with "step": "running"; where there is none, '
                    "delete that file"
                ) from error
            return None
        if job is None or (job.get("status") in NOTHING and not unsure):
            return None
        log.info(f"{self.host.name}: a job on these rows is there already, and is taken")
        return job

    def _created(self, file: str) -> dict[str, Any]:
        body = {
            "model": self.host.model,
            "training_file": file,
            "seed": self.settings.seed,
            "metadata": {MARK: self.journal.key},
            **self.settings.sent,
        }
        while True:
            try:
                return self.door.create(JOBS, body)
            except RefusedError as error:
                named = [name for name in OPTIONAL if name in body and name in error.said]
                if error.status not in (400, 422) or not named:
                    raise
                log.info(f"{self.host.name}: {error}; the job is created without {named[0]}")
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
        """Note that no job was created; a file that is gone is uploaded anew by the next run."""
        self.journal.note(UPLOADED, **({"file": None} if gone else {}))
