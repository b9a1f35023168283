"""The number that an answer opens with, as models write it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stages.study.properties import PROPERTIES, property_value
from stages.study.text.numbers import leading_number, number_decided

READ = {
    "2003": "2,003|2 003|2\u00a0003|2\u2009003|2\u202f003|2'003|2’003|2_003|２，００３|٢٬٠٠٣|$2,003"
    "|2,003.|2,003, 4|2,003 of them|\\boxed{2,003}|2{,}003|\\boxed{2{,}003}|2\\,003|2&nbsp;003"
    "|$2{,}003$|2&#8239;003|2{\\,}003|2\\ 003",
    "3004005": "3,004,005|3 004 005|3.004.005|3'004'005|30,04,005",
    "34567890": "34,567,890|34 567 890|3,45,67,890",
    "7": "7|7, 9|7, 100|7,8,9|7,100,9|7 / 9|7;9|７|٧|$7|€7|£ 7|\\$7|#7|= 7"
    "|\\boxed{7}|$\\boxed{7}$|(7)|（7）|**7**|7️⃣|7%|7.|7,1|7,1000|7 9 11|7{,}1|7&lt;100|7\\,9",
    "-7": "-7|−7|-$7|$-7|(-7)|‑7",
    "98": "98 99 100",
    "99": "99 100 101",
    "200": "200 300 400",
    "2003.5": "2,003.5",
    "1e3": "1e3",
}
NONE = "the 7|seven|7th|7½|½|7²|- 7|x7|\\frac{1}{2}|,7"


@pytest.mark.parametrize(
    ("answer", "number"), [(a, n) for n, answers in READ.items() for a in answers.split("|")]
)
def test_a_number_is_read_as_it_is_written(answer, number):
    assert leading_number(answer) == number


@pytest.mark.parametrize("answer", NONE.split("|"))
def test_what_is_no_number_is_not_read(answer):
    assert leading_number(answer) is None


@pytest.mark.parametrize(
    ("name", "answer", "value"),
    [
        ("is_even_direct", "2,003", "odd"),
        ("sum_of_digits", "3,004,005", "12"),
        ("is_greater_than_500", "1 001", "true"),
        ("round_to_nearest_10", "−14", "-10"),
    ],
)
def test_the_whole_number_has_the_property(name, answer, value):
    assert property_value(name, answer, "number") == value


@pytest.mark.parametrize("reply", ["2003", "2,003", "2 003.", "**2,003**", "２００３", "$2,003"])
def test_a_number_is_replied_in_any_form(reply):
    assert PROPERTIES["number_of_letters"].parse_answer(reply) == ("2003", True)


@pytest.mark.parametrize("reply", ["7, 9", "7 9", "7 letters", "7.5", "7th", "1e3"])
def test_a_reply_that_is_no_single_whole_number_does_not_comply(reply):
    assert PROPERTIES["number_of_letters"].parse_answer(reply) == (None, False)


PARTS = st.one_of(
    st.sampled_from(
        ["7", "0", "00", "000", "001", "12", "345", "7,", "\\boxed{", " ", "\n", "{,}", "&nbsp;"]
    ),
    st.sampled_from(",'_.-$e|x({}\\&\u00a0\uff17\uff0c\u00b2\u20e3\u0301"),
)


@given(st.lists(PARTS, max_size=9).map("".join), st.integers(0, 20))
@example("1{,}001", 3)
@example("1&nbsp;001", 4)
@example("1,001", 1)
@example("1 001", 2)
@example("1,00,000", 5)
@example("7e3", 2)
def test_no_number_changes_after_it_is_decided(answer, length):
    if number_decided(answer[:length]):
        assert leading_number(answer[:length]) == leading_number(answer)


@pytest.mark.parametrize(
    ("opening", "decided"),
    [
        *(("7", False), ("7,", False), ("7 0", False), ("1,001", False)),
        *(("7, 9", True), ("7 | 9", True), ("7\n\n", True), ("7 9 1", True), ("seven", True)),
    ],
)
def test_a_number_is_decided_once_no_digit_can_be_added(opening, decided):
    assert number_decided(opening) is decided
