"""Where a task's rows come from: source strings of params.yaml, and the local files behind them.

    path:FILE                       a file on this machine, or a folder of the published format
    hub:ORG/NAME@REVISION/FILE      the same in a data set of the hub, pinned by its commit

Data are read as text, never run: no pickles, no loading script.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stages.storage.errors import StudyError
from stages.storage.files import file_sha256
from stages.storage.readers.opening import check_plain

KINDS = "path:FILE or hub:ORG/NAME@REVISION/FILE"
HUB = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*)@([0-9a-f]{40})(?:/([^/\s]\S*))?"
)


@dataclass(frozen=True)
class HubData:
    """A file or folder in a data set of the Hugging Face hub, at one commit."""

    repository: str
    revision: str
    path: str


@dataclass(frozen=True)
class PathData:
    """A file or folder on this machine; relative to the root of the project."""

    path: str


def parse_task_source(text: str) -> HubData | PathData:
    """A source string as an object; raises ValueError that says what is allowed."""
    kind, colon, rest = text.partition(":")
    if not colon or kind not in ("path", "hub"):
        raise ValueError(f"{text!r} is no source of a task; use {KINDS}")
    if kind == "path":
        if not rest.strip():
            raise ValueError(f"{text!r} names no file; use path:FILE")
        return PathData(os.path.expanduser(rest))
    found = HUB.fullmatch(rest)
    if not found or ".." in (found[3] or "").split("/"):
        raise ValueError(
            f"{text!r} names no pinned data set; use hub:ORG/NAME@REVISION/FILE, "
            "where REVISION is a commit of 40 hex digits"
        )
    return HubData(found[1], found[2], found[3] or "")


def task_file(text: str, sha256: str | None = None) -> Path:
    """The file that a source names, fetched where it is not local; raises StudyError.

    `sha256` is the hash that it must have.
    """
    source = parse_task_source(text)
    if isinstance(source, HubData):
        from huggingface_hub import hf_hub_download

        path = _fetched(hf_hub_download, source.repository, source.path, revision=source.revision)
    else:
        path = Path(source.path)
    if not path.exists():
        raise StudyError(f"there is no file {path}{_unknown_to_git()}")
    check_plain(path)
    if sha256 is not None and (actual := file_sha256(path)) != sha256:
        raise StudyError(
            f"{path} has the wrong hash: sha256 {sha256} was expected, {actual} was found"
        )
    return path


def task_folder(text: str) -> Path:
    """The folder of JSONL files that a source names, fetched where it is not local.

    Raises StudyError.
    """
    source = parse_task_source(text)
    if isinstance(source, HubData):
        from huggingface_hub import snapshot_download

        inside = source.path.rstrip("/")
        patterns = [f"{inside}/{name}" if inside else name for name in ("*.jsonl", "*.jsonl.gz")]
        folder = (
            _fetched(
                snapshot_download,
                source.repository,
                revision=source.revision,
                allow_patterns=patterns,
            )
            / inside
        )
    else:
        folder = Path(source.path)
    if not folder.is_dir():
        raise StudyError(f"there is no folder {folder}{_unknown_to_git()}")
    return folder


def _unknown_to_git() -> str:
    """What to do about a file that is missing where dvc runs an experiment in a copy."""
    in_copy = {".dvc", "exps"} <= set(Path.cwd().parts)
    return "; an experiment in a copy has what git knows: `git add` it" if in_copy else ""


def _fetched(download: Callable[..., str], *names: str, **options: object) -> Path:
    try:
        return Path(download(*names, repo_type="dataset", **options))
    except Exception as error:  # its errors have no common class; each is one about the fetching
        reason = " ".join(str(error).split())
        raise StudyError(f"the hub did not give it: {type(error).__name__}: {reason}") from error
