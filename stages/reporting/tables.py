"""The long tables of the report: a file each in metrics/tables/, none longer than can be read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from stages.storage.files import atomic_folder

MOST_LINES = 99
"""of one file"""


@dataclass(frozen=True)
class Table:
    """A section in Markdown that opens with its heading, and the line that leads to it.

    `line` says what an experiment found; a table of the main study has none.
    """

    name: str
    text: str
    line: str = ""

    @property
    def title(self) -> Markup:
        """The heading, as it is in Markdown."""
        return Markup(self.text.strip().partition("\n")[0].lstrip("# "))

    @property
    def files(self) -> dict[str, str]:
        """The text in parts of at most MOST_LINES lines, by the name of their file.

        It is cut between paragraphs, and a table that is too long for a file between its rows.
        """
        parts = _parts(self.text, f"## {self.title}, part", MOST_LINES)
        return {f"{self.name}{f'_{n}' if n > 1 else ''}": text for n, text in parts}

    @property
    def names(self) -> list[str]:
        """The names of its files, without their ending."""
        return list(self.files)


def write_tables(tables: Mapping[str, Table], folder: str | Path) -> None:
    """All files of all tables; the folder then holds nothing else."""
    with atomic_folder(folder) as partial:
        for table in tables.values():
            for name, text in table.files.items():
                (partial / f"{name}.md").write_text(text, encoding="utf-8")


def _parts(text: str, heading: str, most: int) -> Iterator[tuple[int, str]]:
    """Numbered from 1; from the second on each opens with the heading and its number."""
    number, lines = 1, list[str]()
    for block in _blocks(text, most):
        if lines and len(lines) + 1 + len(block) > most:
            yield number, _text(lines)
            number += 1
            lines = [f"{heading} {number}"]
        lines += [*([""] if lines else []), *block]
    yield number, _text(lines)


def _blocks(text: str, most: int) -> Iterator[list[str]]:
    """The paragraphs and tables of a text; of a table as many rows as fit below a heading."""
    for block in text.strip().split("\n\n"):
        lines = block.strip("\n").splitlines()
        head, rows = lines[:2], lines[2:]
        fit = most - 2 - len(head)
        if len(lines) <= most - 2 or not head[0].startswith("|"):
            yield lines
            continue
        for first in range(0, len(rows), fit):
            yield head + rows[first : first + fit]


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
