"""A column is text, a number, a day or missing; a dotted name reaches into structs and lists."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from stages.tasks.files.columns import BadRow, plain, value_of

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1951.0, "1951"),
        (-3.0, "-3"),
        (4.5, "4.5"),
        (1e300, "1e300"),
        (2.5e-9, "2.5e-9"),
        (1e16, "10000000000000000"),
        (-0.00001, "-0.00001"),
        (-0.0, "0"),
        (2**64, "18446744073709551616"),
        (Decimal("19.50"), "19.50"),
        (Decimal("1E-9"), "0.000000001"),
        (date(1951, 5, 1), "1951-05-01"),
        ("None", "None"),
        ("", ""),
    ],
)
def test_numbers_and_days_are_written_as_a_person_would(value, text):
    assert plain({"n": value}, "n") == text


@pytest.mark.parametrize("value", [None, NAN, Decimal("NaN")])
def test_what_stands_for_nothing_is_missing(value):
    with pytest.raises(BadRow, match="column 'n': its value is missing"):
        plain({"n": value}, "n")


@pytest.mark.parametrize("value", [True, float("inf"), b"a", ["a"], {}, datetime(2020, 1, 1)])
def test_what_has_no_certain_spelling_is_refused(value):
    with pytest.raises(BadRow, match="is neither text, a number nor a day"):
        plain({"n": value}, "n")


def test_a_dotted_name_is_a_column_or_reaches_into_one():
    row = {"a": {"b": {"c": 1}, "d.e": 2}, "a.x": 3, "list": [{"t": "one"}, {"t": "two"}]}
    found = {name: value_of(row, name) for name in ("a.b.c", "a.d.e", "a.x", "list.t")}
    assert found == {"a.b.c": 1, "a.d.e": 2, "a.x": 3, "list.t": ["one", "two"]}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.z", r"it is missing; there is \['b', 'gone'\]"),
        ("a.b.c", "there is nothing within 'text'"),
        ("a.gone.c", "its value is missing"),
        ("z.b", r"it is missing; the row has \['a'\]"),
    ],
)
def test_a_dotted_name_that_leads_nowhere_says_where_it_ends(name, reason):
    with pytest.raises(BadRow, match=f"column '{name}': {reason}"):
        value_of({"a": {"b": "text", "gone": None}}, name)
