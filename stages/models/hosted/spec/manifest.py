"""What lies below data/ of a hosted model: how it is reached and asked, or what training made."""

import json
from pathlib import Path
from typing import Any

from stages.models.chat.hosted import HostedChat
from stages.models.chat.section import ChatParams
from stages.models.hosted.spec.section import HostedSpec
from stages.storage.errors import StudyError
from stages.storage.files import write_json

BACKEND, MANIFEST = "openai", "model.json"


def write_manifest(name: str, spec: HostedSpec, chat: ChatParams, folder: Path) -> None:
    """All that params say of how the model is reached and asked; names of keys, never a key."""
    own = chat.models.get(name, HostedChat())
    told = {"spec": spec.model_dump(), "chat": own.model_dump(), "date": chat.date.isoformat()}
    write_json(folder / MANIFEST, {"id": name, "backend": BACKEND, **told})


def is_hosted(folder: Path) -> bool:
    """Whether the model that fetch_model wrote to `folder` is on a server."""
    path = folder / MANIFEST
    return path.is_file() and "backend" in json.loads(path.read_text(encoding="utf-8"))


def read_manifest(folder: Path, how: str) -> dict[str, Any]:
    """What was written; StudyError where nothing was. `how` says what makes it."""
    path = folder / MANIFEST
    if not path.is_file():
        raise StudyError(f"{folder}: no model here; run `dvc repro` to {how} it")
    about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return about
