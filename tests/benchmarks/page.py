"""The rows of the page in headless Chromium: how long a filter of 20,000 of them takes."""

import contextlib
import statistics
import sys
import tempfile
from pathlib import Path

from stages import evaluate
from tests.analysis import small_study
from tests.conftest import run_command
from tests.reporting import browsing, made_page

FILTERS = {
    "target": "1",
    "property": "0",
    "compare": "self>cross",
    "arm-cross": "wrong",
    "text": "horse",
}
ROUNDS = 5


def rows() -> list[tuple[str, float, str]]:
    """Milliseconds until the rows that are chosen are drawn, and a page of 100 of them; medians."""
    if not (browsing.CHROMIUM and browsing.DRIVER):
        sys.exit("no chromium and chromedriver (apt install chromium-driver)")
    with tempfile.TemporaryDirectory() as place, browsing.started() as browser:
        evaluated, page = Path(place, "evaluated"), Path(place, "many.html")
        evaluated.mkdir()
        small_study.write_study(evaluated)
        with contextlib.chdir(evaluated):
            run_command(evaluate)
        made = made_page.make(Path(place, "made"), evaluated)
        page.write_text(browsing.many(made.read_text(encoding="utf-8")), encoding="utf-8")
        browsing.opened(browser, page)
        figures = []
        for name, value in FILTERS.items():
            taken = []
            for _ in range(ROUNDS):
                taken.append(browsing.choose(browser, name, value))
                browsing.choose(browser, name, "")
            checked = f"{browsing.ROWS:,} rows, filtered by {name.removeprefix('arm-')}"
            figures.append((f"page_filter_{name}_ms", statistics.median(taken), checked))
        turned = statistics.median(browsing.turn_page(browser) for _ in range(ROUNDS))
        figures.append(("page_next_100_rows_ms", turned, f"{browsing.ROWS:,} rows"))
    return figures
