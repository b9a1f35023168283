"""The page in headless Chromium: nothing planted runs, rows are chosen at once, axe is content."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reporting import made_page
from tests.reporting.browsing import (
    CHROMIUM,
    DRIVER,
    ROWS,
    all_of,
    choose,
    many,
    opened,
    started,
    turn_page,
)
from tests.reporting.made_page import Html

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
NotStarted = pytest.importorskip("selenium.common").SessionNotCreatedException
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium and chromedriver (apt install chromium-driver)"
)


@pytest.fixture(scope="module")
def page(evaluated_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_page.make(tmp_path_factory.mktemp("browsed"), evaluated_once)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    try:
        with started() as driver:
            yield driver
    except NotStarted as error:  # a driver of another version, no sandbox here
        pytest.skip(f"{CHROMIUM} does not start: {str(error).splitlines()[0]}")


@pytest.fixture
def shown(browser: Any, page: Path) -> Any:
    return opened(browser, page)


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
    choose(shown, "used", "")
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


def test_rows_of_used_cells_are_shown_first_and_links_say_how_many_they_lead_to(shown, page):
    rows = Html(page.read_text(encoding="utf-8")).island("rows-data")["rows"]
    used = [row for row in rows if row[4]]
    (info,) = all_of(shown, ".dt-info")
    assert 0 < len(used) < len(rows) and info.endswith(f"of {len(used)} (of {len(rows)} in all)")
    links = shown.find_elements("css selector", "[data-compare]")
    assert len(links) == 4
    for link in links:
        shown.execute_script("arguments[0].click()", link)
        told = shown.execute_script("return arguments[0].nextSibling.textContent", link)
        (info,) = all_of(shown, ".dt-info")
        assert f"of {told.split('(')[1].split(')')[0]} (of {len(rows)} in all)" in info


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


@pytest.mark.parametrize(("width", "dark"), [(1366, False), (390, True)])
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


def test_twenty_thousand_rows_are_filtered_and_paged(browser, page, tmp_path):
    """How fast is said by `python -m tests.benchmarks page`."""
    path = tmp_path / "index.html"
    path.write_text(many(page.read_text(encoding="utf-8")), encoding="utf-8")
    opened(browser, path)
    choose(browser, "used", "")
    assert all_of(browser, ".dt-info")[0].endswith(f"of {ROWS:,}")
    choose(browser, "target", "1")
    rows = Html(path.read_text(encoding="utf-8")).island("rows-data")["rows"]
    wanted = sum(row[0] == 1 for row in rows)
    assert 0 < wanted < ROWS
    assert f"of {wanted:,} (of {ROWS:,} in all)" in all_of(browser, ".dt-info")[0]
    turn_page(browser)
    assert all_of(browser, ".dt-info")[0].startswith("Rows 101 to 200 of ")


def test_on_paper_the_pictures_stand_on_the_first_page_and_rows_are_lines_of_a_table(shown):
    """A sheet of US letter without its margins is 740 by 975 pixels."""
    sheet = {"width": 740, "height": 975, "deviceScaleFactor": 1, "mobile": False}
    shown.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", sheet)
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        found = shown.execute_script(
            "dispatchEvent(new Event('beforeprint'));"
            "const end = (of) => of.getBoundingClientRect().bottom + scrollY;"
            "const all = (what) => [...document.querySelectorAll(what)];"
            "return {pictures: all('.first figure').map(end),"
            " rows: getComputedStyle(document.querySelector('#rows-table tbody tr')).display,"
            " samples: all('details.samples').map((of) => of.open),"
            " others: all('main > section details:not(.samples, .long)').map((of) => of.open)}"
        )
    finally:
        shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        shown.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert len(found["pictures"]) == 2 and max(found["pictures"]) <= sheet["height"]
    assert found["rows"] == "table-row"
    assert found["samples"] and not any(found["samples"])
    assert found["others"] and all(found["others"])
