"""A model of params.yaml, fetched, checked, converted, spoken to once and described."""

import logging
import tempfile
from pathlib import Path

from stages.models.chat.chat import Speech
from stages.models.chat.section import ChatParams
from stages.models.chat.trial import try_chat
from stages.models.fetch.convert import convert, describe
from stages.models.fetch.resolve import Grow, resolve
from stages.models.fetch.section import ModelSpec
from stages.models.hosted.spec.manifest import write_manifest
from stages.models.hosted.spec.section import HostedSpec
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder, file_sha256

log = logging.getLogger(__name__)


def fetch(
    model: str,
    spec: ModelSpec | HostedSpec,
    chat: ChatParams,
    out: Path,
    grow: Grow | None = None,
) -> None:
    """Write the model of an entry of `models` to the folder `out`, whole or not at all.

    A hosted model's says how it is reached and asked. `grow` writes one that is made
    here, an organism or a copy; without it there are none. Raises StudyError.
    """
    if isinstance(spec, HostedSpec):
        with atomic_folder(out) as folder:
            write_manifest(model, spec, chat, folder)
        return
    try:
        with atomic_folder(out) as folder:
            with tempfile.TemporaryDirectory(dir=folder, prefix="download-") as scratch:
                source = resolve(spec.sources, spec.sha256, Path(scratch), grow)
                sha256 = None if source.is_dir() else spec.sha256 or file_sha256(source)
                about = convert(source, folder, spec.chat_template)
            speech = Speech(tuple(spec.stop), spec.thinking, chat.date.isoformat())
            if fault := try_chat(folder, speech):
                log.warning(f"{model}: no system message can be given: {fault}")
            origin = {"id": model, "source": spec.source, "sha256": sha256}
            spoken = {"thinking": speech.thinking, "date": speech.date}
            describe(folder, {**origin, **about, **spoken}, spec.stop)
    except (StudyError, OSError) as error:
        raise StudyError(f"{model}: {', '.join(spec.sources)}: {error}") from error
