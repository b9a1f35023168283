"""Files and jobs of ours that a server has already: what a killed run made, or another machine."""

import re
from collections.abc import Iterator
from typing import Any

from stages.models.hosted.teach.door import Door, RefusedError
from stages.storage.errors import StudyError

MARK = "selfpredict"  # the key of our mark in a job's metadata
MOST_PAGES = 200
JOBS, FILES = "/fine_tuning/jobs", "/files"
NOTHING = {"failed", "cancelled", "canceled"}  # the states of a job that comes to nothing
AT_WORK = {"pending", "running", "notRunning", "importing", "validating"}  # a file is not ready
FILE_FAILED = {"error", "failed", "deleted"}
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")


def identifier(found: dict[str, Any], door: Door, what: str) -> str:
    """The id of what a server made, as it can stand in an address; raises StudyError."""
    value = found.get("id")
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise StudyError(
            f"models.{door.host.name}: {what} of {door.host.host} has no id that can be used: "
            f"{door.host.told(repr(value))}"
        )
    return value


def found_file(door: Door, name: str, size: int) -> str | None:
    """The id of an uploaded file by its name and size (bytes), the newest; None without one."""
    files = [
        file
        for file in _listed(door, FILES, {"purpose": "fine-tune"})
        if file.get("filename") == name
        and file.get("bytes", size) == size
        and file.get("status") not in FILE_FAILED
    ]
    newest = max(files, key=_age, default=None)
    return None if newest is None else identifier(newest, door, "a file")


def await_file(door: Door, file: str) -> None:
    """Wait for a server that has to read a file before a job can train on it."""
    for attempt in range(door.pace.tries):
        try:
            found = door.get(f"{FILES}/{file}")
        except RefusedError:
            return  # what is wrong with it is said when the job is created
        if found.get("status") not in AT_WORK:
            return
        door.pace.wait(attempt)


def found_job(door: Door, mark: str, file: str, past: list[str]) -> dict[str, Any] | None:
    """A job of ours, by its mark or, where a server keeps no metadata, by the file it trains on.

    Of several one that made something, or still may, goes before one that came to nothing.
    """
    jobs = [
        job
        for job in _listed(door, JOBS, {"limit": 100})
        if (_mark(job) == mark or (_mark(job) is None and job.get("training_file") == file))
        and job.get("id") not in past
    ]
    return max(jobs, key=lambda job: (job.get("status") not in NOTHING, _age(job)), default=None)


def _mark(job: dict[str, Any]) -> Any:
    metadata = job.get("metadata")
    return metadata.get(MARK) if isinstance(metadata, dict) else None


def _age(found: dict[str, Any]) -> float:
    made = found.get("created_at")
    return float(made) if isinstance(made, int | float) else 0.0


def _listed(door: Door, path: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All of a list, page by page. Raises RefusedError where the server keeps none."""
    after: dict[str, Any] = {}
    for _ in range(MOST_PAGES):
        page = door.get(path, query | after)
        items = page.get("data")
        items = (
            [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        )
        yield from items
        if page.get("has_more") is not True or not items or after.get("after") == items[-1]["id"]:
            return
        after = {"after": items[-1]["id"]}
