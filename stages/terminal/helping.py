"""A docstring as the help of a command: its examples keep their lines."""

import inspect
import re

KEPT = "\b"  # click wraps no paragraph that begins so


def as_help(text: str | None) -> str | None:
    """The text with every indented paragraph kept as it stands; a second time nothing changes."""
    if text is None or KEPT in text:
        return text
    paragraphs = re.split(r"\n{2,}", inspect.cleandoc(text))
    return "\n\n".join(f"{KEPT}\n{part}" if part.startswith(" ") else part for part in paragraphs)
