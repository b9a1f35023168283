"""What looks alike is one text, both where it is read and where it is compared."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stages.study.properties import PROPERTIES, property_value
from stages.study.text.form import one_form, settled, word_form

ALIKE = [
    ("Zu\u0308rich Bern", "Z\u00fcrich"),
    ("A\u030angstro\u0308m", "\u00c5ngstr\u00f6m"),
    ("\u1112\u1161\u11ab yes", "\ud55c"),
    ("isn\u2019t it", "isn't"),
    ("isn't it", "isn\u02bct"),
    ("well\u2011known fact", "well-known"),
    ("\u200bOwls there", "owls"),
    ("ow\u00adls there", "owls"),
    ("\ufeffOwls", "owls"),
    ("owls\u200d there", "owls"),
    ("\uff2f\uff37\uff2c here", "owl"),
    ("\ufb02at land", "flat"),
    ("\u00abOwls\u00bb there", "\u300cowls\u300d"),
    ("Owls\u3002", "owls\uff01"),
    ("\u00bfOwls\u061f", "owls"),
    ("\u2764\ufe0f me", "\u2764"),
    ("\u20ac5 each", "5"),
    ("wait\u2026what", "wait...what"),
    ("owl\u2014like", "owl\u2043like"),
    ("\u05e6\u05d4\u05f4\u05dc", '\u05e6\u05d4"\u05dc'),
    ("\ufe91\ufeaa\ufefc", "\u0628\u062f\u0644\u0627"),
    ("\u0133sje \ufb13", "ijsje"),
    ("\u00b5m", "\u03bcm"),
    ("lo\u017ft", "lost"),
    ("\u0130zmir", "izmir"),
]
PICTURES = [
    ("\U0001f469\u200d\U0001f680 up", "\U0001f469\u200d\U0001f680"),
    ("\U0001f1f5\U0001f1ea Peru", "\U0001f1f5\U0001f1ea"),
    ("\U0001f44b\U0001f3fe hello", "\U0001f44b\U0001f3fe"),
    ("\u2600\ufe0f today", "\u2600\ufe0f"),
    ("7\ufe0f\u20e3 it is", "7\ufe0f\u20e3"),
    ("x\u0304 is", "x\u0304"),
    ("\u0915\u093f", "\u0915\u093f"),
]
TEXTS = st.lists(
    st.one_of(
        st.text(max_size=3),
        st.sampled_from(["e", "\u0301", "\u0323", "\u200d", "\U0001f469", "\ufe0f", "\u1100"]),
        st.sampled_from(["\u1161", "\u11a8", "\uff76", "\uff9e", "\u034f", "J\u030c", "\u2019"]),
        st.sampled_from(["\u017f", "\u0307", "\u2026", "\ufefb", "\u0653", "\u0149", "\u0130"]),
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize(("said", "reply"), ALIKE)
def test_a_word_is_the_same_however_it_is_written(said, reply):
    word = property_value("first_word", said, "sequence")
    assert PROPERTIES["first_word"].parse_answer(reply) == (word, True)


@pytest.mark.parametrize(("said", "reply"), [("\u201cOwls\u201d", '"'), ("\u2018Owls", "'")])
def test_a_quote_is_the_same_straight_or_curly(said, reply):
    assert property_value("first_character", said, "sequence") == reply
    for written in (reply, said[0]):
        assert PROPERTIES["first_character"].parse_answer(written) == (reply, True)


@pytest.mark.parametrize(("said", "reply"), PICTURES)
def test_a_whole_emoji_or_letter_with_its_marks_is_the_first_character(said, reply):
    value = property_value("first_character", said, "sequence")
    assert value == said[0].lower()  # the code point, as published
    assert PROPERTIES["first_character"].parse_answer(reply) == (value, True)


@pytest.mark.parametrize("reply", ["\U0001f469\U0001f680", "ab", "\U0001f1f5\U0001f1ea\U0001f1e8"])
def test_several_characters_are_not_one(reply):
    assert PROPERTIES["first_character"].parse_answer(reply) == (None, False)


def test_a_character_that_does_not_show_is_no_value():
    text = "\U0001f469\u200d\U0001f680"
    assert property_value("second_character", text, "sequence") is None
    assert property_value("first_and_second_character", text, "sequence") is None
    assert property_value("third_character", text, "sequence") == "\U0001f680"


@given(TEXTS)
@example("\u1fc1\u00b4")
def test_the_one_form_is_composed_and_stays(text):
    form = one_form(text)
    assert one_form(form) == unicodedata.normalize("NFC", form) == form
    assert word_form(word_form(text)) == word_form(text)


@pytest.mark.parametrize("text", ["5\u00b2", "\u00bd", "\u3131\u314f", "\u2167", "\u2460"])
def test_what_only_resembles_another_text_stays(text):
    assert one_form(text) == text


@given(TEXTS)
def test_composed_and_decomposed_texts_are_one(text):
    forms = [unicodedata.normalize(name, text) for name in ("NFC", "NFD")]
    assert len({one_form(form) for form in [text, *forms]}) == 1


@given(TEXTS, TEXTS)
@example("a\u0301", "\u0323")
def test_what_is_settled_stays_however_a_text_goes_on(text, more):
    assert one_form(text + more).startswith(settled(text))
