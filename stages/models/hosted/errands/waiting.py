"""Waiting for an errand; on the way its states are logged."""

import logging
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import quote

from stages.models.hosted.errands.door import Door, RefusedError
from stages.models.hosted.errands.journal import Journal
from stages.storage.errors import StudyError

log = logging.getLogger(__name__)


def ended(
    door: Door,
    journal: Journal,
    path: str,
    ends: Collection[str],
    told: Callable[[dict[str, Any]], str],
    look: Callable[[str], None] = lambda path: None,
) -> dict[str, Any]:
    """The journal's errand once its status is one of `ends`; `told` is a line of how far it is.

    `look` is given its path each time. Raises StudyError where it is not to be found.
    """
    host, name = door.host, f"{journal.kind} {journal.state[journal.kind]}"
    where = f"{path}/{quote(str(journal.state[journal.kind]), safe='')}"
    before, attempt = "", 0
    try:
        while True:
            try:
                found = door.get(where)
            except RefusedError as error:
                raise StudyError(
                    f"models.{host.name}: {name}, which {journal.path} names, cannot be read at "
                    f"{host.base_url} ({error}); it takes the key that created it. Where it is "
                    "gone for good, delete that file: it is then paid for anew"
                ) from error
            look(where)
            if (line := told(found)) != before:
                before = line
                log.info(f"{host.name}: {name}: {host.told(line)}")
            if found.get("status") in ends:
                return found
            door.pace.wait(0, min(door.pace.longest, door.pace.poll * 1.5**attempt))
            attempt = min(attempt + 1, 20)
    except Exception:
        raise
    except BaseException:  # a signal
        log.warning(
            f"{host.name}: {name} goes on at {host.host}; the same command waits for it again"
        )
        raise
