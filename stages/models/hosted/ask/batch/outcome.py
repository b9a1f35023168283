"""What became of a batch: its lines, or the line that says why there are none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stages.models.hosted.ask.batch.journal import BatchJournal
from stages.models.hosted.ask.batch.lines import Line, read_lines
from stages.models.hosted.errands.door import FILES, Door, RefusedError
from stages.models.hosted.errands.finding import ID
from stages.models.hosted.errands.sending import Kind
from stages.models.hosted.errands.waiting import ended
from stages.models.hosted.identity import Host
from stages.storage.errors import StudyError

BATCHES = "/batches"
COMPLETED, FAILED, EXPIRED, CANCELLED = "completed", "failed", "expired", "cancelled"
CROWDED = "token_limit_exceeded"  # the code of a batch that has to wait for others, or be smaller


@dataclass(frozen=True)
class Outcome:
    """How a batch ended, and the lines that came back. `errors` are what is wrong with its file."""

    status: str
    lines: Mapping[str, list[Line]]
    errors: list[tuple[str, str]]

    @property
    def crowded(self) -> bool:
        return self.status == FAILED and any(code == CROWDED for code, _ in self.errors)


def outcome(door: Door, journal: BatchJournal) -> Outcome:
    """Wait for a batch, and read what it gave. Raises StudyError where that cannot be read."""
    found = ended(door, journal, BATCHES, (COMPLETED, FAILED, EXPIRED, CANCELLED), _told)
    files = [_file(door, journal, found.get(name)) for name in ("output_file_id", "error_file_id")]
    errors = found.get("errors")
    told = errors.get("data") if isinstance(errors, dict) else None
    return Outcome(
        str(found["status"]),
        read_lines(*files),
        [
            (str(one.get("code")), str(one.get("message")))
            for one in (told if isinstance(told, list) else [])
            if isinstance(one, dict)
        ],
    )


def kind(host: Host) -> Kind:
    """What a batch is to a server."""

    def refused(path: str, error: RefusedError) -> StudyError:
        what = "there are no batches" if error.absent else "the batch is refused"
        return StudyError(
            f"models.{host.name}: {host.base_url}{path}: {what} ({host.told(str(error))}); "
            "nothing was paid. sampling.mode: live asks this server without batches"
        )

    return Kind(
        "batch",
        "batches",
        BATCHES,
        "batch",
        "input_file_id",
        optional=("metadata",),
        void=(FAILED,),
        refused=refused,
    )


def _told(found: dict[str, Any]) -> str:
    """How far it is."""
    counts = found.get("request_counts")
    if not isinstance(counts, dict):
        return str(found.get("status"))
    done, failed, total = (counts.get(name) for name in ("completed", "failed", "total"))
    return f"{found.get('status')}, {done} of {total} answered, {failed} failed"


def _file(door: Door, journal: BatchJournal, file: Any) -> bytes:
    if file is None:
        return b""
    host = door.host
    if not isinstance(file, str) or not ID.fullmatch(file):
        raise StudyError(
            f"models.{host.name}: batch {journal.batch} of {host.host} names a file that cannot "
            f"be read: {host.told(repr(file))}"
        )
    try:
        return door.download(file)
    except RefusedError as error:
        raise StudyError(
            f"models.{host.name}: {host.base_url}{FILES}/{file}, the answers of batch "
            f"{journal.batch}, cannot be read ({error}). Where they are gone for good, delete "
            f"{journal.path}: they are then paid for anew"
        ) from error
