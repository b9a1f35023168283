"""Words around numbers: what a number looks like, and what a section may hold."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import Undefined
from markdown_it import MarkdownIt

from stages.reporting.page.markup import as_html
from stages.reporting.sections import (
    code,
    interval,
    number,
    p_value,
    percent,
    render,
    section,
)
from stages.storage.errors import StudyError


def test_a_number_has_three_decimals_and_what_is_not_there_is_a_dash():
    values = (0.12345, 1, -0.0004, None, Undefined())
    assert [number(value) for value in values] == ["0.123", "1.000", "0.000", "-", "-"]


def test_an_estimate_has_its_interval_where_it_has_one():
    assert interval({"estimate": 0.5, "ci_low": 0.25, "ci_high": 0.75}) == "0.500 (0.250 to 0.750)"
    assert interval({"accuracy": 0.5, "ci_low": 0.25}) == "0.500"
    assert interval({}) == interval(None) == interval(Undefined()) == "-"
    assert interval({"inputs": 0, "rows": 0}) == "-"


def test_an_estimate_without_an_interval_says_why_and_a_score_interval_is_named():
    score = {"estimate": 0.5, "ci_low": 0.25, "ci_high": 0.75, "method": "score"}
    assert interval(score) == "0.500 (0.250 to 0.750; score interval)"
    few = {"estimate": 0.5, "inputs": 9, "rows": 12, "discordant": 3}
    assert interval(few) == "0.500 (too few)"
    assert interval(few | {"estimate": 0.0, "discordant": 0}) == "0.000 (the same answer on all 12)"


def test_a_p_value_is_never_zero():
    shown = [p_value(p) for p in (0.0, 0.0001, 0.0004, 0.001, 1.0, None)]
    assert shown == ["under 0.0001", "0.0001", "0.0004", "0.001", "1.000", "-"]


def test_a_p_of_permutations_is_no_smaller_than_they_can_tell():
    assert [p_value(p, 1 / 5000) for p in (0.0002, 0.0004)] == ["≤0.0002", "0.0004"]
    assert p_value(0.0, 1e-6) == "under 0.0001"


def test_the_p_of_an_estimate_has_holms_in_brackets_where_it_was_compared_with_others():
    assert p_value({"p_value": 0.0, "p_holm": 0.012}) == "under 0.0001 (0.012)"
    assert p_value({"p_value": 0.25}) == "0.250" and p_value({}) == p_value(Undefined()) == "-"


def test_a_share_in_percent_has_no_more_decimals_than_it_has():
    assert [percent(0.95), percent(0.995), percent(0.9)] == ["95", "99.5", "90"]


def test_html_within_markdown_is_escaped_and_its_tables_are_tables():
    page = as_html("<b>x</b>\n\n| a |\n|---|\n| <i>y</i> |\n", "it")
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert "<table>" in page and "<td>&lt;i&gt;y&lt;/i&gt;</td>" in page


HOSTILE = [
    "a|b",
    "a\nb\r\n\n# c\u2028d",
    "![x](http://h.example/x.png)",
    "[x](javascript:alert(1)) <http://h.example> http://h.example www.h.example",
    "<img src=x onerror=alert(1)></script><!-- &lt;b&gt; --> &#60;",
    "`a` ``b`` **c** _d_ ~~e~~ $f$ \\",
]
SIGNS = st.lists(st.sampled_from([*"|`*_[]()<>!\\~$#&;:/.-\n\r\tab 1", "://", "www."]))
TABLE = {
    f"{of}_{end}"
    for of in ("table", "thead", "tbody", "tr", "th", "td")
    for end in ("open", "close")
}


def read_by_github(text: str) -> list:
    """The tokens of a text of Markdown with all that may be switched on, inner ones too."""
    reader = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    return [t for token in reader.parse(text) for t in (token, *(token.children or []))]


@given(SIGNS.map("".join))
@example(HOSTILE[0])
@example(HOSTILE[1])
@example(HOSTILE[2])
@example(HOSTILE[3])
@example(HOSTILE[4])
@example(HOSTILE[5])
def test_a_name_in_a_table_of_the_report_is_shown_and_marks_up_nothing(name):
    found = {"what": name, "must": name, "gap": {}, "held": True}
    found |= dict.fromkeys(("self", "cross", "mode"))
    tokens = read_by_github(render("controls.md.j2", controls={name: found}))
    around = {f"{of}_{end}" for of in ("heading", "paragraph") for end in ("open", "close")}
    kinds = {token.type for token in tokens} - around
    assert kinds <= TABLE | {"inline", "text", "text_special"}
    cells = [token.content for token in tokens if token.type == "inline"]
    assert len(cells) == 2 + 11 + 11  # the heading and a line, the columns, and one row


@given(SIGNS.map("".join))
def test_a_code_span_holds_the_text_as_it_is(text):
    shown = f"a {code('x' + text + 'x')} b"
    (span,) = [token for token in read_by_github(shown) if token.type == "code_inline"]
    assert span.content == "x" + text.replace("\n", " ").replace("\r", " ").replace("\t", " ") + "x"


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_of_the_page_has_no_link_image_or_html(text):
    page = as_html(text, "it")
    assert not any(of in page for of in ("<img", "<a", "<script", "<!--", "href"))


def test_a_section_that_looks_for_what_is_not_there_is_one_error_that_names_it():
    with pytest.raises(StudyError, match=r"^scaling/section\.md\.j2: .*'targets'.*`dvc repro`"):
        section("scaling", {})


def test_an_experiment_without_a_section_is_one_error_that_names_it():
    with pytest.raises(StudyError, match=r"^own/section\.md\.j2: "):
        section("own", {})
