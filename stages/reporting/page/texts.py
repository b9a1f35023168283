"""Texts of models as the page shows them: all of what they are, none of what they would do.

A text is cut where it is long, what does not show is written by its number, and each distinct text
is kept once, since thousands of rows share theirs.
"""

from stages.storage.errors import plain

MOST = 2000
"""characters that are shown of a prompt, a behavior or a question"""
MOST_SAID = 300
"""of a predictor's answer"""


def shown(text: str, most: int = MOST) -> str:
    """The text, cut after `most` characters with a mark that says so; controls by their number."""
    if len(text) <= most:
        return plain(text)
    return f"{plain(text[:most])} … [cut: {len(text):,} characters]"


class Texts:
    """Distinct texts, each with a number; `all` has them by it."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str, most: int = MOST) -> int:
        """The number of the text as it is shown."""
        return self._numbers.setdefault(shown(text, most), len(self._numbers))

    @property
    def all(self) -> list[str]:
        """The texts in the order of their numbers."""
        return list(self._numbers)
