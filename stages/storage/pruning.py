"""Taking entries of the user's cache away: by age, by size, or as no longer of today's code.

Nothing is lost by a kill: an answer goes with all the others or not at all, a folder is renamed
before it is deleted, and what a killed run left goes with the next one.
"""

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from stages.storage.errors import StudyError
from stages.storage.files import GONE, PARTIAL, clear
from stages.storage.inventory import CUT_SOURCE, Bundle
from stages.storage.kept_folders import KINDS, forget
from stages.storage.keys import Parts
from stages.storage.locks import LOCK, turn
from stages.storage.response_cache import ANSWERS, ResponseCache

log = logging.getLogger(__name__)


def used_before(found: Sequence[Bundle], moment: float) -> list[Bundle]:
    """Those that were last used before a moment (seconds)."""
    return [bundle for bundle in found if bundle.used < moment]


def beyond(found: Sequence[Bundle], size: int) -> list[Bundle]:
    """Those to give up, the longest unused first, so that at most `size` bytes stay."""
    going, left = [], sum(bundle.size for bundle in found)
    for bundle in sorted(found, key=lambda bundle: bundle.used):
        if left <= size:
            break
        going.append(bundle)
        left -= bundle.size
    return going


def outdated(found: Sequence[Bundle], today: Mapping[str, Parts]) -> list[Bundle]:
    """Those that today's code and packages, by kind of entry, would make anew."""

    def is_old(bundle: Bundle) -> bool:
        uncut = bundle.kind == "answers" and bundle.parts.get("cut_source") is None
        return any(
            bundle.parts.get(name) != part
            for name, part in today[bundle.kind].items()
            if not (uncut and name == "cut_source")
        )

    return [bundle for bundle in found if is_old(bundle)]


def prune(folder: Path, going: Sequence[Bundle]) -> list[Bundle]:
    """Delete bundles of the cache in `folder`; returns those that went.

    A folder that a process is working on stays.
    """
    for place in (folder, *(folder / kind for kind in KINDS)):
        for left in place.glob(".*"):
            if left.suffix in (GONE, PARTIAL, LOCK):
                path = left.with_name(left.stem.removeprefix("."))
                with turn(path, wait=False) as had:  # which takes its own file away
                    if had:
                        clear(path)
    answers = [bundle for bundle in going if bundle.answers is not None]
    if answers:
        _delete_answers(folder / ANSWERS, answers)
    return answers + [bundle for bundle in going if _folder_went(bundle)]


def _folder_went(bundle: Bundle) -> bool:
    if bundle.folder is None:
        return False
    made_of = bundle.folder
    if bundle.kind == "checkpoints":  # of the adapter that has the same key
        made_of = bundle.folder.parents[1] / "adapters" / bundle.folder.name
    went = forget(bundle.folder, made_of, wait=False)
    if not went:
        log.info(f"{bundle.folder}: is being written; it stays")
    return went


def _delete_answers(path: Path, going: Sequence[Bundle]) -> None:
    chosen = [bundle.answers for bundle in going if bundle.answers is not None]

    def delete(connection: sqlite3.Connection) -> None:
        connection.executemany(
            f"DELETE FROM answers WHERE subject = ? AND used / 86400 = ? AND {CUT_SOURCE} IS ?",
            chosen,
        )
        connection.execute("DELETE FROM subjects WHERE id NOT IN (SELECT subject FROM answers)")

    with ResponseCache(path) as cache:
        cache.database.run(delete)
        try:
            cache.database.run(lambda connection: connection.execute("VACUUM"))
        except StudyError as error:
            log.info(f"{error}; its space is given back another time")
