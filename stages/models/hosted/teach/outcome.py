"""What becomes of a job: it is waited for, and its end is a model or a line that says why not."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.models.hosted.errands.door import Door, RefusedError
from stages.models.hosted.errands.finding import NOTHING
from stages.models.hosted.errands.journal import DONE, NEW, Journal
from stages.models.hosted.errands.waiting import ended
from stages.models.hosted.identity import Host
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.money import Tariff, Tokens, cost, dollars
from stages.models.hosted.spec.manifest import BACKEND, MANIFEST
from stages.storage.errors import StudyError
from stages.storage.files import write_json
from stages.study.arms import LOG

JOBS = "/fine_tuning/jobs"
LONGEST_MODEL = 300  # characters of a model's name
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Taught:
    """The model that a job made. trained_tokens: None where the server does not say."""

    model: str
    job: str
    trained_tokens: int | None
    cost_usd: float | None


def keep_taught(folder: Path, made: Taught, report: dict[str, Any]) -> None:
    """Write what a subject that was taught is made of: its name at the server, how it became."""
    write_json(folder / MANIFEST, {"backend": BACKEND, "model": made.model, "job": made.job})
    paid = {"trained_tokens": made.trained_tokens, "cost_usd": made.cost_usd}
    write_json(folder / LOG, report | paid)


def wait(door: Door, journal: Journal, ledger: Ledger, expected: Tokens) -> None:
    """Wait for the journal's job, and note the model that it made and what it took.

    `expected` tokens are noted, as estimated ones, where the server does not count them. Raises
    StudyError where the job came to nothing.
    """
    host, seen = door.host, set[str]()
    job = ended(
        door,
        journal,
        JOBS,
        {"succeeded", *NOTHING},
        lambda found: str(found.get("status")),
        lambda path: _log_events(door, path, seen),
    )
    if job["status"] in NOTHING:
        raise _came_to_nothing(host, journal, ledger, job)
    model, tokens = job.get("fine_tuned_model"), _count(job)
    if not isinstance(model, str) or not model.strip() or len(model) > LONGEST_MODEL:
        raise StudyError(
            f"models.{host.name}: job {journal.state['job']} at {host.host} succeeded and "
            f"names no model: {host.told(repr(model))}; look at it there"
        )
    paid = expected if tokens is None else Tokens(trained=tokens)
    ledger.settle(journal.bill, paid, estimated=tokens is None)
    journal.note(DONE, result={"model": model, "trained_tokens": tokens})


def result_of(host: Host, journal: Journal, ledger: Ledger) -> Taught:
    """What a finished job made."""
    model, tokens = journal.state["result"]["model"], journal.state["result"]["trained_tokens"]
    price = None if tokens is None else _price(host, tokens, ledger)
    said = f"{tokens:,} trained tokens" if tokens is not None else "trained tokens not told"
    log.info(f"{host.name}: {host.told(model)}: {said}, cost {dollars(price)}")
    return Taught(model, str(journal.state["job"]), tokens, price)


def _log_events(door: Door, path: str, seen: set[str]) -> None:
    """Say what the server says of a job, each thing once, the oldest first."""
    try:
        events = door.get(f"{path}/events", {"limit": 20}).get("data")
    except RefusedError:
        return  # not all servers tell
    for event in reversed(events if isinstance(events, list) else []):
        if isinstance(event, dict) and str(event.get("id")) not in seen:
            seen.add(str(event.get("id")))
            log.info(f"{door.host.name}: {door.host.told(str(event.get('message')))}")


def _came_to_nothing(
    host: Host, journal: Journal, ledger: Ledger, job: dict[str, Any]
) -> StudyError:
    """What is said of a job that failed or was cancelled; the next run creates another."""
    name, tokens, error = str(journal.state["job"]), _count(job), job.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    why = f": {host.told(str(message))}" if message else ""
    if tokens:
        ledger.settle(journal.bill, Tokens(trained=tokens))
        paid = f"{tokens:,} tokens were trained, cost {dollars(_price(host, tokens, ledger))}"
    else:
        ledger.release(journal.bill)
        paid = "the server tells of no trained tokens, so nothing is noted as paid"
    journal.note(NEW, job=None, past=[*journal.state["past"], name])
    return StudyError(
        f"models.{host.name}: job {name} at {host.host}: {host.told(str(job['status']))}{why}; "
        f"{paid}. Mend the reason; the same command then creates another job"
    )


def refused(host: Host, older_shape: bool, path: str, error: RefusedError) -> StudyError:
    """What is said where a server creates no job: nothing was paid, and what else there is."""
    where = f"models.{host.name}: {host.base_url}{path}"
    if error.status == 403:
        return StudyError(
            f"{where}: the door is closed ({host.told(str(error))}): this server teaches no "
            "models, or not for this key. Nothing was paid; docs/hosted.md says who still sells "
            "such jobs, and how to teach without one"
        )
    if error.absent:
        return StudyError(
            f"{where}: there are no finetuning jobs ({host.told(str(error))}); base_url mostly "
            "ends in /v1. Nothing was paid; docs/hosted.md has other ways to teach"
        )
    hint = ""
    if "method" in error.said and not older_shape:
        hint = f"; finetune.models.{host.name}.older_shape: true says it as older servers want it"
    elif older_shape and "hyperparameters" in error.said:
        hint = f"; finetune.models.{host.name}.older_shape: false says it as newer servers want it"
    return StudyError(
        f"{where}: the job is refused ({host.told(str(error))}){hint}; nothing was paid"
    )


def _count(job: dict[str, Any]) -> int | None:
    tokens = job.get("trained_tokens")
    return tokens if isinstance(tokens, int) and tokens >= 0 else None


def _price(host: Host, tokens: int, ledger: Ledger) -> float | None:
    return cost(Tokens(trained=tokens), Tariff(host.name), ledger.limits)
