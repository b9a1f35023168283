"""docs/house.md is a map of the house as it is."""

import ast
import re

import pytest
import yaml

from stages.params.experiments import EXPERIMENTS
from tests.conftest import ROOT

HOUSE = (ROOT / "docs/house.md").read_text(encoding="utf-8")
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PATH = re.compile(r"(?:stages|tests|docs|presets|controls|metrics)/[\w./]*\w/?")
# `name` (`file`); several names may stand before the file
NAMED = re.compile(r"`(\w+)`\s+\(`(stages/[\w/]+\.py)`\)")


def section(title: str) -> str:
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", HOUSE, re.MULTILINE | re.DOTALL)
    return found


def rows(title: str) -> list[list[str]]:
    """The cells of the table in a section, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_path_is_there():
    paths = set(PATH.findall(HOUSE))
    assert len(paths) > 40
    places = (ROOT, ROOT / "stages")  # a room goes by its name in tables
    assert [p for p in sorted(paths) if not any((root / p).exists() for root in places)] == []


def test_every_link_leads_to_a_page():
    links = re.findall(r"\]\(([\w.]+)\)", HOUSE)
    assert links and [link for link in links if not (ROOT / "docs" / link).is_file()] == []


def test_every_name_is_defined_in_the_file_beside_it():
    named = set(NAMED.findall(HOUSE))
    assert len(named) > 30
    for name, path in sorted(named):
        text = (ROOT / path).read_text(encoding="utf-8")
        defined = rf"^(?: {{4}})?(?:def|class) {name}\b|^{name}\b.* = "
        assert re.search(defined, text, re.MULTILINE), (name, path)


def test_every_room_has_its_line_and_no_other_has():
    tree = section("Rooms").split("```")[1]
    named, above = set(), []
    for indent, name in re.findall(r"^( *)([\w/]+)/ ", tree, re.MULTILINE):
        above = [*above[: len(indent) // 2], name]
        if above[0] == "stages":
            named.add("/".join(above[1:]))
    packages = {path.parent for path in (ROOT / "stages").rglob("__init__.py")}
    found = {str(path.relative_to(ROOT / "stages")) for path in packages} - {"."}
    own = tuple(f"experiments/{name}" for name in EXPERIMENTS)
    found = {path for path in found if not path.startswith(own)} | {"experiments/X/run"}
    assert named - {""} == found


def test_every_stage_is_in_the_map_with_its_command_and_its_rooms():
    told = {
        stage: row for row in rows("From stage to command to rooms") for stage in quoted(row[0])
    }
    assert set(told) == set(STAGES)
    for name, stage in STAGES.items():
        _, command, rooms, _ = told[name]
        assert quoted(command) == [stage["cmd"].split()[2].replace(".", "/") + ".py"]
        deps = {dep.removeprefix("stages/") for dep in stage["deps"] if dep.startswith("stages/")}
        assert set(quoted(rooms)) == {dep for dep in deps if not dep.endswith(".py")}, name


def test_every_command_is_in_the_map():
    commands = {path.name for path in (ROOT / "stages").glob("*.py")} - {"__init__.py"}
    named = set(re.findall(r"`stages/(\w+\.py)`", section("From stage to command to rooms")))
    assert named == commands


def test_every_part_of_a_key_is_in_the_table():
    tree = ast.parse((ROOT / "stages/models/local/keys.py").read_text(encoding="utf-8"))
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    parts = {key.value for node in made for key in node.keys if isinstance(key, ast.Constant)}
    told = {name for row in rows("What is in a key") for name in quoted(row[0])}
    assert len(parts) > 10 and parts - told == set()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_a_newcomer_is_led_to_the_map(page):
    assert "(docs/house.md)" in (ROOT / page).read_text(encoding="utf-8")
