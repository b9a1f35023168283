"""Files and errands of ours that a server has: what a killed run made, or another machine."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from stages.models.hosted.errands.door import FILES, Door, Purpose, RefusedError
from stages.storage.errors import StudyError

MARK = "selfpredict"  # the key of our mark in an errand's metadata
MOST_PAGES = 200
NOTHING = {"failed", "cancelled", "canceled"}  # the states of an errand that comes to nothing
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


def found_file(door: Door, name: str, size: int, purpose: Purpose) -> str | None:
    """The id of an uploaded file by its name and size (bytes), the newest; None without one."""
    files = [
        file
        for file in _listed(door, FILES, {"purpose": purpose})
        if file.get("filename") == name
        and file.get("bytes", size) == size
        and file.get("status") not in FILE_FAILED
    ]
    newest = max(files, key=_age, default=None)
    return None if newest is None else identifier(newest, door, "a file")


def await_file(door: Door, file: str) -> None:
    """Wait for a server that has to read a file before it can be used."""
    for attempt in range(door.pace.tries):
        try:
            found = door.get(f"{FILES}/{file}")
        except RefusedError:
            return  # what is wrong with it is said when it is used
        if found.get("status") not in AT_WORK:
            return
        door.pace.wait(attempt)


def found_errand(
    door: Door, path: str, mark: str, file: tuple[str, str], past: Collection[str] = ()
) -> dict[str, Any] | None:
    """An errand of ours, by its mark or, where a server keeps no metadata, by its file.

    `file` is the name of the field that has the file, and its id. Of several one that made
    something, or still may, goes before one that came to nothing.
    """
    field, name = file
    found = [
        one
        for one in _listed(door, path, {"limit": 100})
        if (_mark(one) == mark or (_mark(one) is None and one.get(field) == name))
        and one.get("id") not in past
    ]
    return max(found, key=lambda one: (one.get("status") not in NOTHING, _age(one)), default=None)


def _mark(errand: dict[str, Any]) -> Any:
    metadata = errand.get("metadata")
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
