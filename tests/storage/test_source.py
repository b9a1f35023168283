"""Code is hashed as what it does: its words about itself change nothing."""

import ast
import shutil
from pathlib import Path

import pytest

from stages.storage.source import ROOT, source_hash, syntax_hash, versions

CODE = '''
"""Says what it does."""
import math

RATE = 0.5  # of what

class Box:
    """A box."""

    size: int = 3
    """how large it is"""

def area(radius, *, scale=1):
    """Of a circle."""
    return f"{scale * math.pi * radius:.3f} and {radius!r}"
'''


def edited(before: str, after: str) -> str:
    assert CODE.count(before) == 1
    return CODE.replace(before, after)


@pytest.mark.parametrize(
    "same",
    [
        edited("  # of what", ""),
        edited('"""Says what it does."""', ""),
        edited('"""A box."""', '"""A box,\n    or a crate."""'),
        edited('    """how large it is"""\n', ""),
        edited("area(radius, *, scale=1)", "area(\n    radius,\n    *,\n    scale=1,\n)"),
        edited("0.5", "0.50"),
        edited(' and {radius!r}"', '" f" and {radius!r}"'),
        "# a comment\n\n" + CODE,
    ],
)
def test_words_and_layout_change_no_hash(same):
    assert syntax_hash(same) == syntax_hash(CODE)


@pytest.mark.parametrize(
    "other",
    [
        edited("0.5", "0.25"),
        edited("scale=1", "scale=1.0"),
        edited("*, scale", "scale"),
        edited(":.3f", ":.2f"),
        edited("!r", "!s"),
        edited("math.pi * radius", "radius * math.pi"),
        edited("size: int", "width: int"),
        edited('return f"', 'return "" f"'.replace('"" f"', 'b"" or f"')),
        edited("    return", "    radius = None\n    return"),
    ],
)
def test_what_the_code_does_changes_it(other):
    assert syntax_hash(other) != syntax_hash(CODE)


def test_fields_that_a_version_of_python_adds_empty_change_no_hash(monkeypatch):
    """Python 3.12 gives functions and classes type_params; what has none stays what it was."""
    expected, parse = syntax_hash(CODE), ast.parse

    def newer(source: str) -> ast.Module:
        tree = parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                node._fields = (*type(node)._fields, "type_params")
                node.type_params = []
            if isinstance(node, ast.JoinedStr):
                node.values = [*node.values, ast.Constant("")]
        return tree

    monkeypatch.setattr(ast, "parse", newer)
    assert syntax_hash.__wrapped__(CODE) == expected


def test_this_syntax_has_this_hash_on_every_python():
    assert syntax_hash(CODE).startswith("af565b8af6921551")


def test_a_package_is_hashed_with_all_that_lies_below_it(tmp_path: Path):
    room = tmp_path / "stages" / "room"
    (room / "deep").mkdir(parents=True)
    (room / "__init__.py").write_text("")
    (room / "deep" / "one.py").write_text("A = 1\n")

    def hashed() -> str:
        source_hash.cache_clear()
        return source_hash("stages.room", root=tmp_path)

    before = hashed()
    (room / "deep" / "one.py").write_text("A = 2\n")
    edit = hashed()
    (room / "deep" / "two.py").write_text("")
    added = hashed()
    (room / "deep" / "two.py").rename(room / "deep" / "three.py")
    assert len({before, edit, added, hashed()}) == 4
    (room / "notes.txt").write_text("no code")
    assert hashed() == source_hash("stages.room", root=tmp_path)


def test_a_change_of_how_an_answer_is_made_changes_the_source_of_asking(tmp_path: Path):
    """Once `.upper()` in what cuts an answer gave the answers of before, from the cache."""
    shutil.copytree(ROOT / "stages" / "models", tmp_path / "stages" / "models")
    asking = "stages.models.local.ask"
    path = tmp_path / "stages/models/local/ask/stops.py"
    code = path.read_text(encoding="utf-8")
    same = source_hash(asking, root=tmp_path)
    assert same == source_hash(asking)
    source_hash.cache_clear()
    path.write_text(f"# a remark\n{code}", encoding="utf-8")
    assert source_hash(asking, root=tmp_path) == same
    source_hash.cache_clear()
    assert code.count("True)).lstrip()") == 1
    path.write_text(code.replace("True)).lstrip()", "True)).upper()"), encoding="utf-8")
    assert source_hash(asking, root=tmp_path) != same


def test_a_name_without_code_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="nowhere: no such module or package"):
        source_hash("stages.nowhere", root=tmp_path)


def test_versions_are_those_that_are_installed():
    assert versions("pytest") == {"pytest": pytest.__version__}
