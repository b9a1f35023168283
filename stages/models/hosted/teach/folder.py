"""What a stage keeps of a hosted model that was taught: a folder with its name."""

import logging
from collections.abc import Iterable
from pathlib import Path

from stages.models.hosted.identity import Host
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.money import dollars
from stages.models.hosted.teach.door import USUAL, Pace
from stages.models.hosted.teach.jobs import job_parts, taught
from stages.models.hosted.teach.lesson import lesson_of, training_estimate
from stages.models.hosted.teach.section import JobSettings, JobsParams
from stages.storage.files import write_json
from stages.storage.kept_folders import kept_folder, made_once
from stages.study.datasets import Row

ARTIFACT = "hosted.json"
log = logging.getLogger(__name__)


def taught_folder(
    host: Host,
    rows: Iterable[Row],
    told: JobsParams,
    ledger: Ledger,
    *,
    epochs: int,
    seed: int,
    pace: Pace = USUAL,
) -> Path:
    """The folder, in the user's cache, of what a job made of the host's model by `rows`.

    hosted.json has the model's name at the server, the job and the tokens that were trained;
    train_log.json counts the rows, and has no loss. What a job cost is in the ledger and never in
    a file that later stages depend on. Raises StudyError as `taught` does.
    """
    lesson = lesson_of(rows, host.name)
    settings = JobSettings(
        epochs=epochs,
        seed=seed,
        hyperparameters=told.hyperparameters,
        older_shape=told.older_shape,
    )

    def make(folder: Path) -> None:
        expected = training_estimate(lesson, epochs, host.name, ledger.limits)
        log.info(
            f"{host.name}: a job on {lesson.rows} rows, about {expected.tokens.trained:,} tokens, "
            f"cost {dollars(expected.cost_usd)} (estimated)"
        )
        made = taught(host, lesson, settings, ledger, pace)
        counts = {"rows": lesson.rows, "trained_tokens": made.trained_tokens}
        write_json(folder / ARTIFACT, {"model": made.model, "job": made.job, **counts})
        write_json(folder / "train_log.json", {**counts, "loss": []})

    parts = job_parts(host, lesson, settings)
    return made_once(kept_folder("adapters", host.name, parts), make)
