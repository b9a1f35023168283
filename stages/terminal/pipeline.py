"""dvc.yaml as it stands: which command makes what, without dvc, in some hundredths of a second."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path("dvc.yaml")
ITEM = re.compile(r"\$\{item\.(\w+)\}")


@dataclass(frozen=True)
class Stage:
    """A stage: `module` is that of its command, `${item.X}` stands in its outs and deps."""

    name: str
    module: str
    outs: tuple[str, ...]
    deps: tuple[str, ...]


def pipeline(path: Path = FILE) -> list[Stage]:
    """The stages of a dvc.yaml in its order; none where there is no such file."""
    stages = read_yaml(path).get("stages")
    return [
        Stage(str(name), module, _paths(told, "outs", "metrics"), _paths(told, "deps"))
        for name, told in (stages.items() if isinstance(stages, dict) else ())
        if isinstance(told, dict) and (module := _module(told.get("cmd")))
    ]


def read_yaml(path: Path) -> dict[Any, Any]:
    """The mapping in a file; an empty one where it has none, as other commands say why."""
    try:
        with open(path, "rb") as file:
            found = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def filled(path: str, item: Mapping[str, object]) -> str | None:
    """A path of a stage with the values of a cell; None where one is not given."""
    if any(item.get(name) is None for name in ITEM.findall(path)):
        return None
    return ITEM.sub(lambda found: str(item[found[1]]), path)


def after(stage: Stage, stages: list[Stage]) -> list[Stage]:
    """The stages that read what a stage makes, in their order."""
    outs = [_pattern(out) for out in stage.outs]
    return [
        other
        for other in stages
        if any(
            _within(_pattern(dep), out) or _within(out, _pattern(dep))
            for dep in other.deps
            for out in outs
        )
    ]


def _pattern(path: str) -> tuple[str, ...]:
    """The parts of a path, any item like any other."""
    return Path(ITEM.sub("*", path)).parts


def _within(path: tuple[str, ...], folder: tuple[str, ...]) -> bool:
    return path[: len(folder)] == folder


def _module(cmd: Any) -> str | None:
    """The module that a command runs by `python -m`."""
    try:
        words = shlex.split(cmd) if isinstance(cmd, str) else []
    except ValueError:
        return None
    return words[2] if words[:2] == ["python", "-m"] and len(words) > 2 else None


def _paths(told: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
    listed = [found for key in keys if isinstance(found := told.get(key), list)]
    entries = [entry for found in listed for entry in found]
    return tuple(
        str(path) for entry in entries for path in (entry if isinstance(entry, dict) else [entry])
    )
