"""The code and the packages that decide a value, as parts of its key.

Code is hashed as syntax: an edit of a comment, of a docstring or of the layout changes nothing,
and Python 3.11 to 3.13 give the same hash.
"""

import ast
import hashlib
import json
from functools import cache
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@cache
def source_hash(*names: str, root: Path = ROOT) -> str:
    """Hex sha256 of the syntax of modules and packages, each with all that lies below it.

    Names are dotted (`stages.study.splits`). Raises FileNotFoundError where there is none.
    """
    found = [
        (path.relative_to(root).as_posix(), syntax_hash(path.read_text(encoding="utf-8")))
        for name in names
        for path in _files(root.joinpath(*name.split(".")))
    ]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


@cache
def versions(*packages: str) -> dict[str, str]:
    """The versions that are installed."""
    return {name: version(name) for name in packages}


@cache
def syntax_hash(source: str) -> str:
    """Hex sha256 of a syntax tree without docstrings and other texts that stand alone."""
    return hashlib.sha256(json.dumps(_plain(ast.parse(source))).encode()).hexdigest()


def _files(place: Path) -> list[Path]:
    module = place.with_suffix(".py")
    if module.is_file():
        return [module]
    files = sorted(place.rglob("*.py"))
    if not files:
        raise FileNotFoundError(f"{place}: no such module or package")
    return files


def _plain(node: Any) -> Any:
    """A tree as lists: what is empty is left out, as versions of Python differ in it."""
    if isinstance(node, list):
        return [_plain(part) for part in node if not _is_text(part)]
    if not isinstance(node, ast.AST):
        return [type(node).__name__, node if isinstance(node, str) else repr(node)]
    fields = dict(ast.iter_fields(node))
    if isinstance(node, ast.JoinedStr):
        fields["values"] = _joined(node.values)
    kept = {name: value for name, value in fields.items() if value is not None and value != []}
    return [type(node).__name__, *([name, _plain(kept[name])] for name in sorted(kept))]


def _is_text(node: Any) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string, with the texts that stand side by side as one."""
    parts: list[ast.expr] = []
    for constant, group in groupby(values, lambda part: isinstance(part, ast.Constant)):
        if not constant:
            parts += group
        elif text := "".join(str(part.value) for part in group if isinstance(part, ast.Constant)):
            parts.append(ast.Constant(text))
    return parts
