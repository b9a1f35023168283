"""What is cut early has the values and the compliance of the whole answer."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stages.study.compliance import NO_ANSWERS, behavior_compliance
from stages.study.decided import decides, first_line_ended
from stages.study.properties import PROPERTIES, property_value
from stages.study.text.letters import SEEN

OPENINGS = [
    *sorted(NO_ANSWERS),
    "I",
    "I'm sorry, but",
    "I cannot",
    "Sorry, but I can't help",
    "Im very sorry",
    "As an AI",
    "Unfortunately, I am unable to",
    "Apologies, but",
    "Peru - Chad",
    '"B"',
    "**B**",
    "B. Peru",
    "(b",
    "A dog",
    "A - Peru",
    "Answer",
    "C\n",
    ". ",
    "\ufffd",
    "“",
    "I’m unable to",
    "Zu\u0308",
    "\u0301\u0323",
    "\u200b",
    "\U0001f469\u200d",
    "\U0001f680\ufe0f",
    "1,001",
]
ANSWERS = st.builds(
    "".join,
    st.lists(
        st.one_of(st.sampled_from(OPENINGS), st.text(" ab.I'\n\"-()*é", max_size=6), st.text()),
        max_size=6,
    ),
).map(str.lstrip)
TEXT_NAMES = [n for n, p in PROPERTIES.items() if "sequence" in p.families and p.reads]
SHORT_NAMES = [n for n in TEXT_NAMES if PROPERTIES[n].reads[1] <= 3]
NUMBER_NAMES = [n for n, p in PROPERTIES.items() if "number" in p.families and p.reads]
READ_NAMES = st.one_of(
    st.sampled_from([SHORT_NAMES, NUMBER_NAMES]), st.sampled_from(TEXT_NAMES).map(lambda n: [n])
)
CHOICES = {
    family: [n for n, p in PROPERTIES.items() if family in p.families]
    for family in ("values", "multiple_choice")
}


def values(names: list[str], text: str, family: str) -> list[str | None]:
    options = ("one", "two") if family in CHOICES else ()
    compliance = behavior_compliance(text, family, options)
    return [compliance, *(property_value(n, text, family, options, "A") for n in names)]


@given(ANSWERS, st.integers(0, 60), READ_NAMES)
@example("I cannot. Then he left", 9, ["first_word"])
@example("Im sorry, I cannot", 4, ["first_word"])
@example("none of them came", 5, ["first_word"])
def test_no_property_of_a_text_changes_after_it_is_decided(answer, length, names):
    opening = answer[:length]
    if decides(names, "sequence")(opening):
        assert values(names, opening, "sequence") == values(names, answer, "sequence")


@given(ANSWERS, st.integers(0, 60), st.sampled_from(sorted(CHOICES)))
@example("B", 1, "values")
@example("A dog", 2, "multiple_choice")
def test_no_choice_changes_after_it_is_decided(answer, length, family):
    opening, names = answer[:length], CHOICES[family]
    if decides(names, family)(opening):
        assert values(names, opening, family) == values(names, answer, family)


NUMERIC = st.lists(st.one_of(st.sampled_from("7,.-+( \nx"), st.text("0123456789.,- ")), max_size=9)


@given(NUMERIC.map("".join).map(str.lstrip), st.integers(0, 20))
@example("7.5", 2)
@example("12", 1)
@example("7a", 1)
def test_no_number_changes_after_it_is_decided(answer, length):
    opening, names = answer[:length], [n for n, p in PROPERTIES.items() if "number" in p.families]
    if decides(names, "number")(opening):
        assert values(names, opening, "number") == values(names, answer, "number")


@pytest.mark.parametrize("name", sorted(PROPERTIES))
@settings(max_examples=30)
@given(answer=ANSWERS, length=st.integers(0, 60))
@example(answer="Peru - Chad", length=8)
@example(answer="1 to 10", length=4)
@example(answer="t space", length=3)
def test_no_prediction_changes_after_its_first_line(name, answer, length):
    opening, prop = answer[:length], PROPERTIES[name]
    if first_line_ended(opening, prop.answer_kind.words):
        assert prop.parse_answer(opening) == prop.parse_answer(answer)


@pytest.mark.parametrize(
    ("text", "words", "decided"),
    [
        ("Peru Chad Om", ["third_word"], False),
        ("Peru Chad Oman ", ["third_word"], True),
        ("Peru", ["first_character"], True),
        ("Pe", ["second_character"], False),
        ("7, 9", ["number"], True),
        ("7.", ["number"], False),
        ("seven", ["number"], True),
        ("Per", ["second_character"], True),
        ("P\ufffd", ["first_character"], False),
    ],
)
def test_an_answer_is_decided_as_soon_as_it_can_be(text, words, decided):
    family = "number" if words == ["number"] else "sequence"
    assert decides([] if family == "number" else words, family)(text) is decided


def test_a_property_that_takes_the_whole_answer_is_never_decided():
    assert not decides(["first_word", "identity"], "sequence")("Peru Chad Oman Mali Niger")


def test_most_answers_are_decided_early():
    assert decides(SHORT_NAMES, "sequence")("Peru - Chad - ")
    assert decides(CHOICES["values"], "values")("B dog")
    assert decides(CHOICES["values"], "values")(f"B. {'word ' * (SEEN + 1)}")
    assert first_line_ended("peru\n")
