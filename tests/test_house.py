"""The house stays one that can be read: small files, short functions, no room with everything."""

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT

STAGES = ROOT / "stages"
MODULES = sorted(STAGES.rglob("*.py"))
CODE = [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]
SIZE, LINES = 9 * 1024, 50


def long_functions(path: Path) -> list[str]:
    """The functions of a module that have more than LINES lines, those of decorators counted."""
    return [
        f"{node.name}: {size} lines"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for first in [min([node.lineno, *(d.lineno for d in node.decorator_list)])]
        if (size := node.end_lineno - first + 1) > LINES
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(STAGES)))
def test_a_module_is_short_and_so_are_its_functions(path):
    assert path.stat().st_size <= SIZE
    assert long_functions(path) == []


def test_the_largest_room_holds_at_most_a_fifth_of_the_code():
    sizes: Counter[str] = Counter()
    for path in MODULES:
        *rooms, _ = path.relative_to(STAGES).parts
        # An experiment is a room of its own, so that a new one makes none larger; so are the
        # rooms of models, of which fetch_model has its own, and those within them.
        depth = {"experiments": 2, "models": 3}.get(rooms[0], 1) if rooms else 1
        sizes["/".join(rooms[:depth]) or "commands"] += path.stat().st_size
    (name, size), *_ = sizes.most_common()
    assert size <= sizes.total() / 5, name


def test_a_module_says_what_it_is():
    silent = [p for p in MODULES if not ast.get_docstring(ast.parse(p.read_text("utf-8")))]
    assert [str(path.relative_to(STAGES)) for path in silent] == []


def test_commands_and_nothing_else_stand_above_the_rooms():
    for path in STAGES.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert path.name == "__init__.py" or 'if __name__ == "__main__":' in text, path.name


def test_a_type_is_ignored_by_its_code_in_ten_lines_at_most():
    mark = re.compile(r"#\s*type:\s*ignore(\[[\w, -]+\])?")
    found = [m for path in CODE for m in mark.finditer(path.read_text(encoding="utf-8"))]
    assert all(m[1] for m in found)
    assert len(found) <= 10
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert checked["disallow_untyped_defs"] and "overrides" not in checked


def test_twenty_lines_at_most_are_formatted_by_hand():
    mark = "# fmt: " + "skip"
    assert sum(path.read_text(encoding="utf-8").count(mark) for path in CODE) <= 20
