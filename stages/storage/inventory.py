"""What lies in the user's cache: how much of what, of which subject, last used when."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stages.storage.kept_folders import KINDS, parts_file
from stages.storage.keys import Parts
from stages.storage.response_cache import ANSWERS, ResponseCache

UNKNOWN = "(an earlier version)"  # whose entries have no parts beside them
GROUPED = """
SELECT name, subject, used / 86400, json_extract(answers.parts, '$.cut_source'), subjects.parts,
       COUNT(*), MAX(used),
       SUM(LENGTH(CAST(question || answers.parts || value AS BLOB)) + 2 * LENGTH(key))
FROM answers JOIN subjects ON subject = subjects.id GROUP BY 1, 2, 3, 4
"""


@dataclass(frozen=True)
class Bundle:
    """What goes together: a folder, or a subject's answers that were last used on one day.

    `size` is in bytes, `used` in seconds. `parts` are those that all its keys share.
    """

    kind: str
    subject: str
    entries: int
    size: int
    used: int
    parts: Parts
    folder: Path | None = None
    answers: tuple[int, int, str | None] | None = None
    """the subject's number, the day, and the source that cut them"""


def bundles(folder: Path) -> Iterator[Bundle]:
    """All that the cache in `folder` holds."""
    yield from _answers(folder)
    for kind in KINDS:
        places = [p for p in (folder / kind).glob("*") if not p.name.startswith(".")]
        for place in sorted({p.with_suffix("") for p in places}):
            yield _folder(kind, place)


def _answers(folder: Path) -> Iterator[Bundle]:
    if not (folder / ANSWERS).is_file():
        return
    with ResponseCache(folder / ANSWERS) as cache:
        found = cache.connection.execute(GROUPED).fetchall()
    for name, subject, day, cut, parts, entries, used, size in found:
        shared = json.loads(parts) | {"cut_source": cut}
        yield Bundle("answers", name, entries, size, used, shared, answers=(subject, day, cut))


def _folder(kind: str, place: Path) -> Bundle:
    beside = parts_file(place)
    files = [path for path in place.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    if not beside.is_file():
        used = int(place.stat().st_mtime)
        return Bundle(kind, UNKNOWN, 1, size, used, {}, place)
    about = json.loads(beside.read_text(encoding="utf-8"))
    used, entries = int(beside.stat().st_mtime), int(place.is_dir())
    return Bundle(kind, about["subject"], entries, size, used, about["parts"], place)
