"""teach: openai_jobs. Upload a file, create a job, wait for it: the model that it made.

What was done by a run that was killed is found again: rows are uploaded and paid for once.
"""

import logging
from functools import partial

from stages.models.hosted.errands.door import USUAL, Door, Pace
from stages.models.hosted.errands.finding import NOTHING
from stages.models.hosted.errands.journal import DONE, RUNNING, Journal
from stages.models.hosted.errands.sending import Errand, Kind
from stages.models.hosted.identity import Host
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.money import Tariff, Tokens, cost, dollars
from stages.models.hosted.teach.journal import journal_of
from stages.models.hosted.teach.lesson import Lesson
from stages.models.hosted.teach.outcome import JOBS, Taught, refused, result_of, wait
from stages.models.hosted.teach.section import JobSettings
from stages.storage.keys import Parts

MARGIN = 1.5  # times the tokens that are estimated: what a job may take at most
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
                _teach(door, journal, lesson, settings, ledger)
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


def _teach(
    door: Door, journal: Journal, lesson: Lesson, settings: JobSettings, ledger: Ledger
) -> None:
    """See to it that there is a job, and wait for it."""
    host = door.host
    tokens, tariff = lesson.taught(settings.epochs), Tariff(host.name)
    log.info(
        f"{host.name}: a job on {lesson.rows} rows, about {tokens.trained:,} tokens, "
        f"cost {dollars(cost(tokens, tariff, ledger.limits))} (estimated)"
    )
    if journal.step != RUNNING:
        most = Tokens(trained=round(MARGIN * tokens.trained))
        told = {"model": host.model, "seed": settings.seed, **settings.sent}
        errand = Errand(door, journal, _job(host, settings), lesson.lines)
        errand.send(told, ledger, most, tariff)
    wait(door, journal, ledger, tokens)


def _job(host: Host, settings: JobSettings) -> Kind:
    return Kind(
        "job",
        "jobs",
        JOBS,
        "fine-tune",
        "training_file",
        optional=("metadata", "seed"),
        void=NOTHING,
        refused=partial(refused, host, settings.older_shape),
    )
