"""The page in headless Chromium: nothing planted runs, rows are chosen at once, axe is content."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stages.reporting.page.scripts import island
from tests.reporting import made_page
from tests.reporting.made_page import Html

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
NotStarted = pytest.importorskip("selenium.common").SessionNotCreatedException
CHROMIUM = shutil.which("google-chrome") or shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium and chromedriver (apt install chromium-driver)"
)
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
AT_ONCE = 300
"""milliseconds"""
# Choose by a field of the form; give back the milliseconds until the table is drawn.
CHOOSE = """
const [name, value, done] = arguments;
const field = document.getElementById("rows-filter").elements[name];
const start = performance.now();
new DataTable("#rows-table").one("draw", () => done(performance.now() - start));
field.value = value;
field.dispatchEvent(new Event("input", {bubbles: true}));
"""


@pytest.fixture(scope="module")
def page(evaluated_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_page.make(tmp_path_factory.mktemp("browsed"), evaluated_once)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in SWITCHES:
        options.add_argument(argument)
    if os.geteuid() == 0:  # Chromium's sandbox is for other users than root
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    try:
        driver = webdriver.Chrome(options=options, service=service)
    except NotStarted as error:  # a driver of another version, no sandbox here
        pytest.skip(f"{CHROMIUM} does not start: {str(error).splitlines()[0]}")
    driver.set_script_timeout(120)
    yield driver
    driver.quit()


@pytest.fixture
def shown(browser: Any, page: Path) -> Any:
    return opened(browser, page)


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
    return browser.execute_async_script(CHOOSE, name, value)


def test_nothing_that_a_model_said_runs_or_marks_up(shown):
    assert shown.title == "selfpredict: what this study shows"
    choose(shown, "text", "broken")
    texts = all_of(shown, "#rows-table .said")
    assert any(made_page.BROKEN in text for text in texts)
    assert all_of(shown, "#rows-table :is(b, img, script), body > img") == []
    choose(shown, "text", "gnp.exe")
    assert any("\\u202egnp.exe\\u202c" in text for text in all_of(shown, "#rows-table .said"))
    severe = [entry for entry in shown.get_log("browser") if entry["level"] == "SEVERE"]
    assert severe == []


def test_a_long_word_and_another_direction_stay_within_their_cell(shown):
    choose(shown, "text", "wwww")
    assert any("[cut: 102,400 characters]" in text for text in all_of(shown, "#rows-table .said"))
    wide = shown.execute_script(
        "const root = document.documentElement; return root.scrollWidth - root.clientWidth"
    )
    assert wide <= 0
    choose(shown, "text", made_page.ARABIC)
    isolated = shown.execute_script(
        "const found = [...document.querySelectorAll('#rows-table .said')]"
        ".filter((of) => of.textContent.includes(arguments[0]));"
        "return found.map((of) => [of.dir, getComputedStyle(of).unicodeBidi])",
        made_page.ARABIC,
    )
    assert isolated and all(of == ["auto", "isolate"] for of in isolated)


def test_rows_are_chosen_by_what_arms_said(shown, page):
    found = Html(page.read_text(encoding="utf-8")).island("rows-data")
    kinds = [arm["kind"] for arm in found["arms"]]
    self, cross = kinds.index("self"), kinds.index("cross")
    marks = [[of[0][2] for of in (row[9][self], row[9][cross])] for row in found["rows"]]
    choose(shown, "compare", "self>cross")
    wanted = sum(a == 1 and b != 1 for a, b in marks)
    assert 0 < wanted < len(marks)
    (info,) = all_of(shown, "#rows .dt-info, .dt-info")
    assert info.replace(",", "").endswith(f"of {wanted} (of {len(marks)} in all)")
    choose(shown, "compare", "")
    choose(shown, "arm-self", "right")
    choose(shown, "target", "1")
    right = [
        row for row, (a, _) in zip(found["rows"], marks, strict=True) if a == 1 and row[0] == 1
    ]
    (info,) = all_of(shown, ".dt-info")
    assert f"of {len(right)} (" in info
    assert set(all_of(shown, "#rows-table .about .target")) == {"right"}
    choose(shown, "arm-cross", "hidden")
    assert not any("cross" in head for head in all_of(shown, "#rows-table thead th"))


def test_a_link_of_the_first_screen_leads_to_rows_where_self_beat_cross(shown):
    link = shown.find_element("css selector", "[data-compare='self>cross']")
    assert link.text == "self is right and cross wrong"
    link.click()
    marks = shown.execute_script(
        "const heads = [...document.querySelectorAll('#rows-table thead th')]"
        ".map((of) => of.textContent.trim().split(' ').pop());"
        "return [...document.querySelectorAll('#rows-table tbody tr')].map((row) =>"
        " ['self', 'cross'].map((arm) => row.children[heads.indexOf(arm)]"
        ".querySelector('.mark').textContent.trim().slice(2)))"
    )
    assert len(marks) >= 3 and all(of[0] == "right" and "wrong" in of[1] for of in marks)


def test_a_picture_answers_to_the_mouse(shown):
    mark = shown.find_element("css selector", "[data-spec=spec-self_cross] .mark-symbol path")
    shown.execute_script("arguments[0].scrollIntoView({block: 'center'})", mark)
    webdriver.ActionChains(shown).move_to_element(mark).perform()
    (told,) = all_of(shown, "#vg-tooltip-element.visible")
    assert "accuracy" in told and "interval from" in told


def test_the_keyboard_reaches_everything(shown):
    body = shown.find_element("css selector", "body")
    body.send_keys("\ue004")  # tab
    first = shown.switch_to.active_element
    assert first.get_attribute("class") == "skip" and first.is_displayed()
    reached = shown.execute_script(
        "return [...document.querySelectorAll('a, summary, select, input, button, .wide')]"
        ".filter((of) => of.tabIndex < 0 && !of.disabled && of.ariaDisabled !== 'true').length"
    )
    assert reached == 0


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1366, 390])
def test_axe_finds_nothing_serious(browser, page, width, dark):
    axe = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened(browser, page)
    browser.execute_script(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = browser.execute_async_script("axe.run({exclude: [['svg']]}).then(arguments[0])")
    serious = [
        (of["id"], of["nodes"][0]["html"][:200], of["nodes"][0]["failureSummary"])
        for of in found["violations"]
        if of["impact"] in ("serious", "critical")
    ]
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert serious == []


def test_twenty_thousand_rows_are_filtered_and_paged_at_once(browser, page, tmp_path):
    path = tmp_path / "index.html"
    path.write_text(many(page.read_text(encoding="utf-8")), encoding="utf-8")
    opened(browser, path)
    assert f"of {ROWS:,}" in all_of(browser, ".dt-info")[0]
    taken = {
        name: min(choose(browser, *of) for of in ((name, value), (name, ""), (name, value)))
        for name, value in {
            "target": "1",
            "property": "0",
            "compare": "self>cross",
            "arm-cross": "wrong",
            "text": "horse",
        }.items()
    }
    paged = (
        "const table = new DataTable('#rows-table').page.len(100), start = performance.now();"
        "table.page('next').draw('page'); document.body.offsetHeight;"
        "return performance.now() - start"
    )
    taken["page"] = min(browser.execute_script(paged) for _ in range(3))
    print(taken)
    assert all(milliseconds < AT_ONCE for milliseconds in taken.values()), taken


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
