"""What an account is made of, whether it is shown as text, as Markdown or as HTML.

Texts are plain: what shows them escapes them.
"""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from stages.storage.errors import plain


@dataclass(frozen=True)
class Words:
    """A line: the title, what matters most, a heading, an item of a list, or a text."""

    text: str
    what: Literal["title", "verdict", "heading", "item", "text"] = "text"


@dataclass(frozen=True)
class Table:
    """Cells under their heads; `words` says how many of the first columns are no numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    what: Literal["table"] = "table"


Block = Words | Table
WIDTH = 100  # columns of a text


def as_text(blocks: Iterable[Block]) -> str:
    """The blocks for a terminal."""
    lines: list[str] = []
    before = ""
    for block in blocks:
        if lines and before != "heading" and not block.what == before == "item":
            lines.append("")
        lines += _columns(block) if isinstance(block, Table) else _wrapped(block)
        before = block.what
    return plain("\n".join(lines)) + "\n"


def _wrapped(words: Words) -> list[str]:
    """The lines of a text; a line feed in a name or a value ends none."""
    text = " ".join(words.text.split())
    indent = "  " if words.what == "item" else ""
    if words.what == "heading":
        text = f"{text}:"
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=2 * indent, break_on_hyphens=False
    )


def _columns(table: Table) -> list[str]:
    """The lines of a table, in columns as wide as their widest cell."""
    every = [
        [plain(" ".join(cell.split())) for cell in cells] for cells in (table.head, *table.rows)
    ]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if at < table.words else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in every
    ]
