"""What lies in the user's cache: how much of what, of which subject, last used when."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stages.storage.files import DAMAGED
from stages.storage.kept_folders import KINDS, parts_file, read_parts
from stages.storage.keys import Parts
from stages.storage.response_cache import ANSWERS, ResponseCache, read_shared

UNKNOWN = "(an earlier version)"  # whose entries have no parts beside them
ASIDE = "(damaged)"  # what was set aside
CUT_SOURCE = (  # of an answer; of one that is damaged there is none
    "CASE WHEN json_valid(answers.parts) THEN json_extract(answers.parts, '$.cut_source') END"
)
GROUPED = f"""
SELECT CAST(name AS TEXT), subject, used / 86400, {CUT_SOURCE}, subjects.parts,
       COUNT(*), MAX(CAST(used AS INTEGER)),
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
    for place in sorted(folder.glob(f"{ANSWERS}{DAMAGED}*")):
        yield _damaged("answers", place)
    for kind in KINDS:
        places = [p for p in (folder / kind).glob("*") if not p.name.startswith(".")]
        aside = {p for p in places if DAMAGED in p.name}
        for place in sorted({p.with_suffix("") for p in set(places) - aside}):
            yield _folder(kind, place)
        for place in sorted(aside):
            yield _damaged(kind, place)


def _answers(folder: Path) -> Iterator[Bundle]:
    if not (folder / ANSWERS).is_file():
        return
    with ResponseCache(folder / ANSWERS) as cache:
        found = cache.database.run(lambda connection: connection.execute(GROUPED).fetchall())
    for name, subject, day, cut, parts, entries, used, size in found:
        shared = {**read_shared(parts), "cut_source": cut}
        yield Bundle("answers", name, entries, size, used, shared, answers=(subject, day, cut))


def _folder(kind: str, place: Path) -> Bundle:
    beside, entries = parts_file(place), int(place.is_dir())
    about = read_parts(beside)
    if about is None:
        made = (place if entries else beside).stat().st_mtime
        return Bundle(kind, UNKNOWN, 1, _size(place), int(made), {}, place)
    used = int(beside.stat().st_mtime)
    return Bundle(kind, about["subject"], entries, _size(place), used, about["parts"], place)


def _damaged(kind: str, place: Path) -> Bundle:
    return Bundle(kind, ASIDE, 1, _size(place), int(place.stat().st_mtime), {}, place)


def _size(place: Path) -> int:
    files = [place, *place.rglob("*")]
    return sum(path.stat().st_size for path in files if path.is_file())
