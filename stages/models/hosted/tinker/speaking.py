"""The conversations of a model whose weights are elsewhere: its tokenizer and chat template."""

import logging
from pathlib import Path

from stages.models.chat.chat import Chat, Speech
from stages.models.chat.loading import load_chat
from stages.models.chat.trial import try_chat
from stages.storage.errors import StudyError

FILES = ["token*", "*.jinja", "config.json", "generation_config.json", "special_tokens_map.json"]
FILES += ["vocab.*", "merges.txt", "added_tokens.json"]
log = logging.getLogger(__name__)


def chat_of(tokenizer: str, speech: Speech) -> Chat:
    """By `path:FOLDER` or `hub:ORG/NAME@REVISION`; StudyError where it cannot be taught with."""
    kind, place = tokenizer.split(":", 1)
    folder = _snapshot(place) if kind == "hub" else Path(place)
    if not folder.is_dir():
        raise StudyError(f"there is no folder {folder}")
    try:
        if fault := try_chat(folder, speech):
            log.warning(f"{tokenizer}: no system message can be given: {fault}")
        return load_chat(folder, speech)
    except (OSError, ValueError) as error:  # as transformers says it
        raise StudyError(f"there is no tokenizer that can be read: {_line(error)}") from error


def _snapshot(place: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository, revision = place.rsplit("@", 1)
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=FILES))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise StudyError(f"the hub does not give it: {_line(error)}") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
