"""The tables of the report: what is too long for a file is cut where a reader can go on."""

from pathlib import Path

import pytest

from stages.reporting.tables import MOST_LINES, Table, write_tables

HEAD = ["| a | b |", "|---|---|"]


def rows(first: int, last: int) -> list[str]:
    return [f"| {n} | x |" for n in range(first, last)]


def text(*blocks: list[str]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def test_a_short_one_is_one_file_as_it_is():
    shown = text(["## A title"], ["Words."], HEAD + rows(0, 90))
    table = Table("name", f"\n{shown}\n")
    assert table.title == "A title"
    assert table.files == {"name": shown} and table.names == ["name"]


def test_a_long_one_is_cut_between_paragraphs_and_each_part_has_its_heading():
    shown = text(["## A title"], HEAD + rows(0, 60), ["Words."], HEAD + rows(60, 120))
    first, second = Table("name", shown).files.items()
    assert first == ("name", text(["## A title"], HEAD + rows(0, 60), ["Words."]))
    assert second == ("name_2", text(["## A title, part 2"], HEAD + rows(60, 120)))


def test_a_table_that_is_too_long_is_cut_between_rows_and_keeps_its_head():
    shown = text(["## A title"], HEAD + rows(0, 250))
    files = Table("name", shown).files
    assert list(files) == ["name", "name_2", "name_3"]
    found = []
    for part in files.values():
        lines = part.splitlines()
        assert lines[0].startswith("## A title") and lines[2:4] == HEAD
        assert len(lines) <= MOST_LINES
        found += lines[4:]
    assert found == rows(0, 250)


@pytest.mark.parametrize("count", [90, 94, 95, 96, 97, 98, 99, 100, 200])
def test_nothing_is_lost_or_too_long_whatever_its_length(count):
    shown = text(["## A title"], ["Words."], HEAD + rows(0, count), ["More."])
    files = Table("name", shown).files
    assert all(len(part.splitlines()) <= MOST_LINES for part in files.values())
    lines = [line for part in files.values() for line in part.splitlines()]
    assert [line for line in lines if line.startswith("| ") and line != HEAD[0]] == rows(0, count)
    assert "Words." in lines and "More." in lines


def test_a_folder_holds_the_tables_and_nothing_else(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "old.md").write_text("old", encoding="utf-8")
    write_tables({"name": Table("name", text(["## A title"], HEAD + rows(0, 120)))}, folder)
    assert sorted(Path(path).name for path in folder.iterdir()) == ["name.md", "name_2.md"]
