"""The commands that there are, with a line each; none is imported for it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stages.terminal.pipeline import FILE, pipeline

PACKAGE = Path(__file__).parents[1]
OWN = "__main__"  # the list itself


@dataclass(frozen=True)
class Listed:
    """A command: `python -m MODULE` or `selfpredict NAME`."""

    name: str
    module: str
    line: str


def listed() -> dict[str, list[Listed]]:
    """Commands of stages in the order of dvc.yaml, and tools by name.

    dvc.yaml is that of the working folder, else the one beside this package.
    """
    found = {command.name: command for command in _commands()}
    stages = pipeline() or pipeline(PACKAGE.parent / FILE)
    ordered = dict.fromkeys(stage.module.removeprefix("stages.") for stage in stages)
    names = {
        "Stages": [name for name in ordered if name in found],
        "Tools": sorted(found.keys() - ordered.keys()),
    }
    return {title: [found[name] for name in own] for title, own in names.items()}


def _commands() -> Iterator[Listed]:
    for path in PACKAGE.glob("*.py"):
        if not path.name.startswith("_"):
            yield Listed(path.stem, f"stages.{path.stem}", _line(path, path.stem))
    for path in PACKAGE.glob(f"*/**/{OWN}.py"):
        name = ".".join(path.relative_to(PACKAGE).parent.parts)
        yield Listed(name, f"stages.{name}.{OWN}", _line(path, name))


def _line(path: Path, name: str) -> str:
    """The first line of a command's help, without its name."""
    text = ast.get_docstring(ast.parse(path.read_bytes())) or ""
    return text.partition("\n")[0].removeprefix(f"{name}: ")
