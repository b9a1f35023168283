"""Folders that took long to make, kept in the user's cache by key: adapters and the like.

The parts of the key lie beside the folder, as KEY.json; its time is that of the last use.
"""

from pathlib import Path

from stages.storage.files import write_json
from stages.storage.keys import Parts, content_key
from stages.storage.response_cache import cache_folder

KINDS = ("adapters", "checkpoints", "organisms")


def kept_folder(kind: str, subject: str, parts: Parts) -> Path:
    """Where the folder of a key lies, or will; `subject` only says whose it is."""
    folder = cache_folder() / kind / content_key(parts)
    beside = parts_file(folder)
    if beside.is_file():
        beside.touch()
    else:
        beside.parent.mkdir(parents=True, exist_ok=True)
        write_json(beside, {"subject": subject, "parts": dict(parts)})
    return folder


def parts_file(folder: Path) -> Path:
    """The file that has the parts of a kept folder's key."""
    return folder.with_name(f"{folder.name}.json")
