"""Words around numbers: what a number looks like, and what a section may hold."""

import pytest
from jinja2 import Undefined

from stages.reporting.sections import interval, number, p_value, percent, section, trusted
from stages.storage.errors import StudyError


def test_a_number_has_three_decimals_and_what_is_not_there_is_a_dash():
    assert [number(0.12345), number(1), number(None), number(Undefined())] == [
        "0.123",
        "1.000",
        "-",
        "-",
    ]


def test_an_estimate_has_its_interval_where_it_has_one():
    assert interval({"estimate": 0.5, "ci_low": 0.25, "ci_high": 0.75}) == "0.500 (0.250 to 0.750)"
    assert interval({"accuracy": 0.5, "ci_low": 0.25}) == "0.500"
    assert interval({}) == interval(None) == interval(Undefined()) == "-"


def test_a_p_value_is_never_zero():
    assert [p_value(0.0), p_value(0.0004), p_value(0.0005), p_value(None)] == [
        "≤0.001",
        "≤0.001",
        "0.001",
        "-",
    ]


def test_a_share_in_percent_has_no_more_decimals_than_it_has():
    assert [percent(0.95), percent(0.995), percent(0.9)] == ["95", "99.5", "90"]


def test_html_within_markdown_is_escaped_and_its_tables_are_tables():
    page = trusted("<b>x</b>\n\n| a |\n|---|\n| <i>y</i> |\n", markdown=True)
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert "<table>" in page and "<td>&lt;i&gt;y&lt;/i&gt;</td>" in page


def test_a_section_that_looks_for_what_is_not_there_is_one_error_that_names_it():
    with pytest.raises(StudyError, match=r"^scaling/section\.md\.j2: .*'targets'.*`dvc repro`"):
        section("scaling", {})


def test_an_experiment_without_a_section_is_one_error_that_names_it():
    with pytest.raises(StudyError, match=r"^own/section\.md\.j2: "):
        section("own", {})
