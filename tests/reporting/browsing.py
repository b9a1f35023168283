"""The page in headless Chromium, for tests and the benchmark of its rows."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stages.reporting.page.scripts import island
from tests.reporting.made_page import Html

CHROMIUM = shutil.which("google-chrome") or shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
SWITCHES = (
    "--headless=new",
    "--window-size=1366,900",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # which is small in a container
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
)
ROWS = 20_000
# Choose by a field of the form; give back the milliseconds until the table is drawn.
CHOOSE = """
const [name, value, done] = arguments;
const field = document.getElementById("rows-filter").elements[name];
const start = performance.now();
new DataTable("#rows-table").one("draw", () => done(performance.now() - start));
field.value = value;
field.dispatchEvent(new Event("input", {bubbles: true}));
"""


@contextmanager
def started() -> Iterator[Any]:
    """A driver of the browser; raises selenium's SessionNotCreatedException."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in SWITCHES:
        options.add_argument(argument)
    if os.geteuid() == 0:  # Chromium's sandbox is for other users than root
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(executable_path=DRIVER)
    )
    driver.set_script_timeout(120)
    try:
        yield driver
    finally:
        driver.quit()


def opened(browser: Any, page: Path) -> Any:
    """The page when its rows and its pictures answer."""
    browser.get(page.as_uri())
    wait = "const done = arguments[0]; (function look() { %s ? done() : setTimeout(look, 50); })()"
    ready = (
        'document.documentElement.classList.contains("with-rows") && '
        '[...document.querySelectorAll("[data-spec]")].every((of) => of.querySelector(".vega-embed'
        ', .marks"))'
    )
    browser.execute_async_script(wait % ready)
    return browser


def all_of(browser: Any, selector: str) -> list[str]:
    """The texts of the elements."""
    script = "return [...document.querySelectorAll(arguments[0])].map((of) => of.textContent)"
    return browser.execute_script(script, selector)


def choose(browser: Any, name: str, value: str) -> float:
    """Choose by a field of the form; the milliseconds until the table is drawn."""
    return browser.execute_async_script(CHOOSE, name, value)


def turn_page(browser: Any) -> float:
    """Show the second hundred rows; the milliseconds until they are laid out."""
    return browser.execute_script(
        "const table = new DataTable('#rows-table').page.len(100), start = performance.now();"
        "table.page('next').draw('page'); document.body.offsetHeight;"
        "return performance.now() - start"
    )


def many(text: str) -> str:
    """The page with ROWS rows, whose prompts and behaviors are texts of their own."""
    found = Html(text).island("rows-data")
    whole = str(island(found))
    assert text.count(whole) == 1
    rows, texts = found["rows"], found["texts"]
    made = []
    for n in range(ROWS):
        row = json.loads(json.dumps(rows[n % len(rows)]))
        for at in (5, 6):
            if n % 8 == 0:
                texts.append(f"{texts[row[at]][:200]} {n} " + "and so on " * 40)
            row[at] = len(texts) - 1
        made.append(row)
    return text.replace(whole, str(island(found | {"rows": made})))
