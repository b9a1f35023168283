"""The page without a browser: one file, the words of report.md, every row, nothing hostile acts."""

import base64
import hashlib
import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from stages.params import load_params
from stages.reporting.page import rows as page_rows
from stages.reporting.page.markup import as_html
from stages.reporting.page.rows import RIGHT, UNREAD, WRONG, browsed
from stages.reporting.page.scripts import EXPORTED, island
from stages.reporting.page.texts import MOST, Texts, shown
from stages.reporting.palette import LOOKS
from stages.reporting.planted import planted_points
from stages.storage.errors import StudyError
from stages.storage.tables import read_table, write_table
from tests.analysis import small_study, sound_study
from tests.reporting import made_page
from tests.reporting.made_page import Html


@pytest.fixture(scope="module")
def root(evaluated_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("page")
    made_page.make(found, evaluated_once)
    return found


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "data/report/index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Html:
    return Html(text)


def words(html: str) -> str:
    """What is read, without tags and with single blanks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_page_is_one_file_that_fetches_nothing(page, text):
    for tag, at, _ in page.elements:
        assert not {"src", "srcset", "data", "action", "poster"} & at.keys(), tag
        assert at.get("href", "#").startswith("#"), at
        assert tag not in ("link", "iframe", "object", "embed", "base", "img")
    styles = "".join(text for _, _, text in page.of("style"))
    assert "url(" not in styles and "@import" not in styles
    assert len(text) < 4_000_000


def test_only_the_scripts_that_its_policy_names_run(page):
    (policy,) = [at["content"] for _, at, _ in page.of("meta") if "http-equiv" in at]
    scripts = [text for _, at, text in page.of("script") if at.get("type") != "application/json"]
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    }
    allowed = re.search(r"script-src ([^;]+)", policy)[1].split()
    assert set(allowed) == hashes and len(scripts) == 4
    assert policy.startswith("default-src 'none'")
    assert not [at for _, at, _ in page.elements if any(name.startswith("on") for name in at)]


def test_its_first_screen_says_what_report_md_says(root, text):
    first = (root / "metrics/report.md").read_text(encoding="utf-8").split("## By experiment")[0]
    paragraph = first.splitlines()[2]
    seen = words(text)
    for sentence in re.split(r"(?<=[.)]) (?=[A-Z*])", paragraph):
        assert words(MarkdownIt().renderInline(sentence)) in seen, sentence
    for row in first.splitlines():
        if row.startswith("|") and not row.startswith("|---"):
            for cell in row.strip("| ").split(" | "):
                assert words(MarkdownIt().renderInline(cell)) in seen, cell


def test_who_does_not_see_it_can_walk_it(page):
    tags = [tag for tag, _, _ in page.elements]
    assert [tags.count(tag) for tag in ("header", "main", "footer", "h1", "nav")] == [1] * 5
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and all(b - a <= 1 for a, b in pairwise(levels))
    assert all(at.get("scope") in ("col", "row") for _, at, _ in page.of("th"))
    assert all(at.get("aria-label") for _, at, _ in page.elements if at.get("role") == "img")
    assert all(at.get("aria-label") for _, at, _ in page.elements if at.get("role") == "group")
    assert page.of("html")[0][1]["lang"] == "en"
    ids = [at["id"] for _, at, _ in page.elements if "id" in at]
    assert len(ids) == len(set(ids))
    assert {at["href"][1:] for _, at, _ in page.of("a")} <= set(ids)
    named = [at["aria-labelledby"] for _, at, _ in page.of("section")]
    assert set(named) <= set(ids) and len(named) == tags.count("section")


def test_what_can_be_chosen_has_a_name(page):
    """Each select and input stands in a label that was opened last."""
    opened = [tag for tag, _, _ in page.elements if tag in ("label", "select", "input")]
    fields = [at for at, tag in enumerate(opened) if tag != "label"]
    assert fields and all(opened[at - 1] == "label" for at in fields)


def test_each_arm_has_one_name_and_one_order(page):
    heads = page.island("rows-data")["arms"]
    kinds = [arm["kind"] for arm in heads]
    assert kinds == [kind for kind in LOOKS if kind in kinds]
    assert kinds[:4] == ["self", "fresh_self", "cross", "untrained"] and "mode" in kinds
    assert [arm["name"] for arm in heads] == [kind.replace("_", " ") for kind in kinds]
    assert {arm["kind"]: arm["color"] for arm in heads} == {k: LOOKS[k].color for k in kinds}


def test_the_browser_has_every_scored_row_with_what_was_asked_and_said(root, page):
    found = page.island("rows-data")
    texts, kinds = found["texts"], [arm["kind"] for arm in found["arms"]]
    scores = read_table("scores", root / "data/scores.parquet")
    places = {(r["target"], r["task"], r["input_id"], r["property"]) for r in scores}
    assert len(found["rows"]) == len(places) and not found["left_out"]
    right = {(r["target"], r["property"], r["kind"]): 0 for r in scores}
    for row in scores:
        right[row["target"], row["property"], row["kind"]] += row["correct"]
    for row in found["rows"]:
        target, _, _, name, *_, questions, answers = row
        assert sorted(a for q in questions for a in q[2]) == [
            n
            for n, kind in enumerate(kinds)
            if kind in ("self", "fresh_self", "cross", "untrained")
        ]
        for kind, said in zip(kinds, answers, strict=True):
            key = (found["target_names"][target], found["property_names"][name], kind)
            if said and kind != "mode":
                right[key] -= sum(mark == RIGHT for _, _, mark in said)
    assert set(right.values()) == {0}
    row = next(r for r in found["rows"] if found["target_names"][r[0]] == "right")
    _, _, _, _, _, prompt, behavior, truth, [[opening, ending, _]], answers = row
    assert texts[prompt].startswith("Go on: animals_long test")
    item = next(i for i in small_study.inputs() if texts[prompt].endswith(f": {i['input']}"))
    assert texts[behavior] == small_study.response("right", item, trained=True)
    assert texts[truth] in texts[behavior]
    assert texts[ending] == f'"{texts[prompt].removeprefix("Go on: ")}" {"first_word"}?'
    assert texts[opening] == ""
    untrained = answers[kinds.index("untrained")][0]
    assert untrained[2] in (WRONG, UNREAD) and small_study.SCRIPT in texts[untrained[1]]


def test_what_models_said_is_text_and_nothing_more(page, text):
    found = page.island("rows-data")["texts"]
    assert any(made_page.BROKEN in of for of in found)
    shut = re.sub(r"(<script[^>]*>).*?</script>", r"\1", text, flags=re.DOTALL)  # of libraries
    assert shut.count("<script") == len(page.of("script"))
    assert "<b>broken" not in text and not page.of("img", "b")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200e\u200f]", shut)
    assert shown(made_page.ACTS) in found
    assert "\\u001b[31mred\\u0000 \\u202egnp.exe" in shown(made_page.ACTS)
    long = [of for of in found if of.startswith("www")]
    assert long and all(of.endswith(" … [cut: 102,400 characters]") for of in long)
    assert max(map(len, found)) < MOST + 50
    said = [at for _, at, _ in page.of("span") if at.get("class") == "said"]
    assert said and all(at.get("dir") == "auto" for at in said)


def test_who_runs_no_script_sees_the_first_inputs_of_each_cell(page, root):
    cells = {
        (row["target"], row["task"], row["property"])
        for row in read_table("scores", root / "data/scores.parquet")
    }
    bodies = [at for _, at, _ in page.of("th") if at.get("scope") == "row"]
    assert len(bodies) == 2 * len(cells)
    assert page.of("noscript")


def test_cells_that_are_left_out_are_named_with_the_reason(text):
    part = words(text.split('id="left-out"')[1].split("</table>")[0])
    assert "left survival_instinct ethical_stance" in part


def test_more_rows_than_fit_are_those_of_the_first_inputs(evaluated, monkeypatch):
    whole = browsed(Path("data"), load_params().design)
    monkeypatch.setattr(page_rows, "MOST_ROWS", 20)
    few = browsed(Path("data"), load_params().design)
    assert 16 < len(few["rows"]) <= 20
    assert few["left_out"] == len(whole["rows"]) - len(few["rows"])


@pytest.mark.parametrize(
    ("kind", "path", "missing"),
    [
        ("predictions", "predictions/left-on-left", r"scores.parquet: first_\w+ of input \w+ is"),
        ("behavior", "behavior/left-self", r"behavior/left-self.parquet: input \w+ is scored"),
    ],
)
def test_what_was_scored_and_is_not_there_is_one_line(kind, path, missing, evaluated):
    rows = read_table(kind, f"data/{path}.parquet")
    scored = min(row["input_id"] for row in rows if row["task"] == "animals_long")
    kept = [r for r in rows if r["task"] != "animals_long" or r["input_id"] == scored]
    write_table(kind, kept, f"data/{path}.parquet")
    with pytest.raises(StudyError, match=rf"^data/{missing}.* is not in .*; run `dvc repro`$"):
        browsed(Path("data"), load_params().design)


def test_a_study_without_a_scored_row_has_an_empty_browser(evaluated):
    write_table("scores", [], "data/scores.parquet")
    found = browsed(Path("data"), load_params().design)
    assert found["rows"] == [] and [arm["kind"] for arm in found["arms"]] == ["mode"]


def test_a_text_is_kept_once_and_cut_where_it_is_long():
    texts = Texts()
    assert [texts.number(text) for text in ("a", "b", "a")] == [0, 1, 0]
    assert texts.all == ["a", "b"]
    assert shown("abcdef", 3) == "abc … [cut: 6 characters]" and shown("abc", 3) == "abc"


def test_no_text_ends_the_element_that_json_stands_in():
    text = str(island(["</script><!--\u2028&"]))
    assert not set("<>&\u2028") & set(text)
    assert Html(f"<script id=x>{text}</script>").island("x") == ["</script><!--\u2028&"]


def test_markdown_of_a_model_is_text_and_tables_have_names():
    html = as_html("## a\n\n| | b |\n|---|---|\n| <i>x</i> | [y](http://z) |", "arms", 1)
    assert "<h3>a</h3>" in html and "<i>" not in html and "<a" not in html
    assert 'tabindex="0" aria-label="arms, table 1"' in html
    assert '<th scope="col">what</th>' in html


def test_the_planted_picture_sets_this_study_beside_its_controls():
    points = list(planted_points(sound_study.numbers()["primary"], sound_study.sensitivity()))
    assert [point["what"] for point in points if point["model"] == "all targets"] == ["this study"]
    left = [point for point in points if point["model"] == "left"]
    assert [(p["what"], round(p["difference"], 3)) for p in left] == [
        ("this study", 0.1),
        ("private answers", 0.8),
        ("nothing to find", 0.01),
    ]
    assert [round(p["low"], 3) for p in left] == [0.05, 0.7, -0.04]
    none = {"targets": {"left": {"reason": "too few"}}}
    assert list(planted_points(none, {"left": {"reason": "it is on a server"}})) == []


def test_the_tables_library_is_found_in_its_bundle():
    assert EXPORTED.search("var a;export{Md as DateTime,vh as default,Tt as jQuery};\n")[1] == "vh"
