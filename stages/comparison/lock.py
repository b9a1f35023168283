"""dvc.lock of a version: what its numbers were made of, and where two versions part.

A cell of dvc.lock is one run of a stage. Its numbers are of the code and params that stand there,
which need not be those of the commit: an edit that nobody ran is told as such.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from stages.comparison.settings import Changed, changed, value_at
from stages.comparison.versions import SUMMARY, Version, md5
from stages.storage.errors import StudyError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LARGEST = 50_000_000  # bytes; that of the largest study allowed has some 20 MB
CODE = ("stages/", "controls/", "given", "docs/")
"""dependencies that git has, and no stage makes"""
EVALUATE = "evaluate"
"""the stage that makes the numbers, and the params that say how"""
ANSWERS = ("data/behavior", "data/predictions")
"""of which it makes them"""


@dataclass(frozen=True)
class Cell:
    """One run of a stage: path -> hash of what it read and of what it made."""

    stage: str
    command: str
    deps: Mapping[str, str]
    outs: Mapping[str, str]
    params: Mapping[str, Any]
    """dotted key -> value"""

    @property
    def read(self) -> tuple[Any, ...]:
        """All that decides what comes out, but for the machine."""
        return self.command, self.deps, self.params


@dataclass(frozen=True)
class Lock:
    """The cells by their names."""

    cells: Mapping[str, Cell]

    @cached_property
    def code(self) -> dict[str, set[str]]:
        """The hashes of each dependency of code; several where cells ran at different times."""
        found: dict[str, set[str]] = {}
        for cell in self.cells.values():
            for path, of in cell.deps.items():
                if path.startswith(CODE):
                    found.setdefault(path, set()).add(of)
        return found

    @cached_property
    def params(self) -> dict[str, Any]:
        """The params that its cells were run with, by dotted keys; sections may lie in others."""
        return {key: value for cell in self.cells.values() for key, value in cell.params.items()}

    @cached_property
    def outs(self) -> dict[str, str]:
        """The hash of each output."""
        return {path: of for cell in self.cells.values() for path, of in cell.outs.items()}


def read_lock(version: Version) -> Lock:
    """dvc.lock of a version; one without cells where it has none. Raises StudyError."""
    told = read_mapping(version, "dvc.lock").get("stages", {})
    try:
        return Lock({name: _cell(name, entry) for name, entry in told.items()})
    except (AttributeError, KeyError, TypeError):
        raise StudyError(f"dvc.lock of {version.name}: not as dvc writes it") from None


def read_mapping(version: Version, path: str) -> dict[str, Any]:
    """A YAML file of a version as a mapping; empty where there is none. Raises StudyError."""
    content = version.read(path)
    if content is None:
        return {}
    if len(content) > LARGEST:
        raise StudyError(f"{path} of {version.name}: has over {LARGEST // 10**6} MB")
    try:
        found = yaml.load(content, Loader=LOADER) or {}  # a safe loader, in C where there is one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise StudyError(f"{path} of {version.name}: not YAML: {said}") from None
    if not isinstance(found, dict):
        raise StudyError(f"{path} of {version.name}: no mapping of keys")
    return found


def _cell(name: str, entry: Mapping[str, Any]) -> Cell:
    deps, outs = (
        {one["path"]: str(one.get("md5", "")) for one in entry.get(part, ())}
        for part in ("deps", "outs")
    )
    params = {
        key: value for keys in entry.get("params", {}).values() for key, value in keys.items()
    }
    return Cell(name.partition("@")[0], str(entry.get("cmd", "")), deps, outs, params)


def changed_code(one: Lock, other: Lock) -> list[str]:
    """The rooms and files of code that the numbers of two versions are made with and that differ.

    A room within one that differs is not named beside it.
    """
    paths = [
        path
        for path in sorted({*one.code, *other.code})
        if one.code.get(path) != other.code.get(path)
    ]
    return outermost(paths)


def outermost(names: Iterable[str], joined_by: str = "/") -> list[str]:
    """The paths, or dotted keys, that lie in no other of them, sorted."""
    every = sorted(names)
    return [name for name in every if not any(name.startswith(f"{of}{joined_by}") for of in every)]


def changed_params(one: Lock, other: Lock) -> list[Changed]:
    """The params by which the numbers of two versions were made, of keys that both name."""
    both = [key for key in other.params if key in one.params]
    found = changed(*({key: lock.params[key] for key in both} for lock in (one, other)))
    return list({of.key: of for of in found}.values())


def changed_outs(one: Lock, other: Lock) -> dict[str, tuple[int, int]]:
    """stage -> how many of its outputs differ or are of one version alone, and how many there are.

    In the order of dvc.lock; stages of which nothing differs are named, too.
    """
    found: dict[str, tuple[int, int]] = {}
    for stage, path in dict.fromkeys([*_outputs(other), *_outputs(one)]):
        differ, every = found.get(stage, (0, 0))
        differs = one.outs.get(path) != other.outs.get(path)
        found[stage] = differ + differs, every + 1
    return found


def _outputs(lock: Lock) -> Iterator[tuple[str, str]]:
    for cell in lock.cells.values():
        for path in cell.outs:
            yield cell.stage, path


def made_of_the_same(one: Lock, other: Lock) -> list[str]:
    """The stages that made other outputs of the same code, params and data: rounding, or chance."""
    both = one.cells.keys() & other.cells.keys()
    stages = [
        cell.stage
        for name, cell in other.cells.items()
        if name in both and cell.read == one.cells[name].read and cell.outs != one.cells[name].outs
    ]
    return list(dict.fromkeys(stages))


@dataclass(frozen=True)
class Evaluated:
    """How two versions made their numbers of answers."""

    same_answers: bool
    otherwise: list[str]
    """code and params of the stage that differ, where what it made of them does, too"""


def evaluated(one: Lock, other: Lock) -> Evaluated | None:
    """What tells numbers made otherwise from numbers of other answers; None where neither can."""
    old, new = (lock.cells.get(EVALUATE) for lock in (one, other))
    if old is None or new is None:
        return None
    same = all(path in old.deps and old.deps[path] == new.deps.get(path) for path in ANSWERS)
    if old.outs.get(SUMMARY) == new.outs.get(SUMMARY):
        return Evaluated(same, [])
    code = [path for path in sorted({*old.deps, *new.deps}) if path.startswith("stages/")]
    params = changed(*({EVALUATE: cell.params.get(EVALUATE)} for cell in (old, new)))
    differ = [path for path in code if old.deps.get(path) != new.deps.get(path)]
    return Evaluated(same, [*outermost(differ), *(of.key for of in params)])


@dataclass(frozen=True)
class Stale:
    """How a version's numbers are not of its own code and params."""

    code: list[str]
    """rooms and files that were edited since"""
    params: list[str]
    """dotted keys, by the sections that stages name"""
    by_hand: list[str]
    """files of numbers that are not what the last run made"""
    missing: list[str]
    """stages of dvc.yaml that never ran"""

    def __bool__(self) -> bool:
        return bool(self.code or self.params or self.by_hand or self.missing)


def stale(version: Version, lock: Lock) -> Stale:
    """What of dvc.lock is not of this version; nothing of one without dvc.lock."""
    if not lock.cells:
        return Stale([], [], [], [])
    code = [path for path, found in lock.code.items() if found != {version.hash_of(path)}]
    told = read_mapping(version, "params.yaml")
    params = {
        key
        for cell in lock.cells.values()
        for key, value in cell.params.items()
        if value_at(told, key) != value
    }
    ran = {cell.stage for cell in lock.cells.values()}
    stages = read_mapping(version, "dvc.yaml").get("stages") or {}
    missing = [str(name) for name in stages if name not in ran]
    by_hand = [
        path
        for path, found in lock.outs.items()
        if path.startswith("metrics/") and (content := version.read(path)) and found != md5(content)
    ]
    return Stale(outermost(code), outermost(params, "."), by_hand, missing)
