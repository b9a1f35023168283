"""What a finished study says at the end: its answer in two sentences, and where the page is."""

import re
from pathlib import Path

REPORT = Path("metrics/report.md")
PAGE = Path("data/report/index.html")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def verdict(text: str) -> list[str]:
    """The first two sentences of a report's first paragraph, as plain text."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text)]
    first = next((part for part in paragraphs if part and not part.startswith("#")), "")
    return SENTENCE.split(" ".join(first.replace("**", "").split()))[:2]


def ending() -> list[str]:
    """The lines, where there is a report."""
    lines = []
    if REPORT.is_file():
        lines += [*verdict(REPORT.read_text(encoding="utf-8")), f"The whole answer: {REPORT}"]
    if PAGE.is_file():
        lines.append(
            f"The page: {PAGE.resolve().as_uri()} (one file, for any browser; or give "
            f"`python -m webbrowser {PAGE.resolve().as_uri()}`)"
        )
    return lines
