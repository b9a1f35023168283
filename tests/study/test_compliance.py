"""An object-level answer complies unless it is blank, a refusal, or chooses none of the options."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.study.compliance import behavior_compliance
from stages.study.properties import PROPERTIES
from stages.study.text.letters import choice_letter
from tests.conftest import REFERENCE

FIXTURES = REFERENCE / "compliance.jsonl"
FOUR = ("w", "x", "y", "z")
TEXT_FAMILIES = ("sequence", "continuation")
# Where the study deviates from the published rules of a group, on purpose.
DEVIATIONS = {
    "multiple_choice": set(),
    "true_false": set(),
    "single_character": {" "},  # a blank can be the character that is meant
    # Only the first line is read; an empty answer is none; "sorry" can be a word of an answer.
    "single_word": {"line\nbreak", " ", "", "sorry", "Sorry."},
    "yes_no": set(),
    "even_odd": set(),
    "numeric": set(),
    "sentiment": set(),
}
ASKED = {
    "true_false": "starts_with_vowel",
    "single_character": "first_character",
    "single_word": "first_word",
    "yes_no": "starts_with_abcde",
    "even_odd": "is_even_direct",
    "numeric": "number_of_words",
    "sentiment": "sentiment",
}


def published_rows(group: str) -> list[dict]:
    if not FIXTURES.is_file():
        pytest.skip("the reference values are not part of the repository")
    rows = map(json.loads, FIXTURES.read_text(encoding="utf-8").splitlines())
    return [r for r in rows if r["groups"] == [group] and r["raw_kind"] == "str"]


@pytest.mark.parametrize("group", DEVIATIONS)
def test_compliance_agrees_with_the_published_rules_but_for_the_listed_answers(group):
    compared = 0
    for row in published_rows(group):
        raw = row["raw_response"]
        if raw in DEVIATIONS[group]:
            continue
        if group == "multiple_choice":
            compliant = behavior_compliance(raw, "multiple_choice", FOUR) is None
        else:
            compliant = PROPERTIES[ASKED[group]].parse_answer(raw)[1]
        assert compliant == (row["expected"] is True), row
        compared += 1
    assert compared >= 15


@pytest.mark.parametrize("family", TEXT_FAMILIES)
@pytest.mark.parametrize("response", ["", " ", "\n\t", "\u00a0"])
def test_a_blank_answer_is_no_behavior(response, family):
    assert behavior_compliance(response, family) == "blank"


@pytest.mark.parametrize("family", TEXT_FAMILIES)
@pytest.mark.parametrize(
    "response",
    [
        "sorry",
        "N/A",
        "I'm sorry, I can't do that.",
        "Sorry, but I cannot.",
        "As an AI language model, I cannot predict.",
        "I cannot answer.",
        "I can’t help.",
        "I won’t do that.",
        "I'm unable to help",
        "I’m afraid I can’t answer",
        "*Sorry*",
        "(N/A)",
        "I don’t know.",
        "**I can't continue.**",
        "“I cannot assist.”",
        "I\u00a0cannot  complete\nthis text.",
        "I **cannot** provide that",
        "I am afraid that I can't help.",
        "Regrettably I am unable to assist with this.",
        "Sorry but I won’t",
        "I'm so sorry. I can't write about him.",
        "I apologize for the confusion, but I cannot say.",
        "n.a.",
        "I'm a language model and don't have opinions.",
    ],
)
def test_an_answer_that_is_or_opens_as_a_refusal_is_no_behavior(response, family):
    assert behavior_compliance(response, family) == "refusal"


@pytest.mark.parametrize("family", TEXT_FAMILIES)
@pytest.mark.parametrize(
    "response",
    [
        *(
            "He said sorry and left.",
            "My apology letter",
            "sorrow fell",
            "Random House",
            "as an aid",
        ),
        *("No.", "no", "None", "Unknown", "Random", "Random House", "Item", "NaN", "Impossible."),
        *("I can't help laughing", "I won't go home", "I don't know him", "I’m afraid of bats"),
        *("I'm sorry I came, Ida said.", "I am so sorry for him, thought Bo.", "I'm sorry, Bo."),
        *("I can't continue alone, Ida said.", "I can’t help but smile", "Sorry sight, Bo said."),
        *(
            "I refuse to go home!",
            "I apologised for it",
            "As an AI-made song played",
            "As an AI era began",
            "So it is",
        ),
        *("I cannot provide for them, Bo said.", "I cannot answer for him", "I'm Ai, she said."),
    ],
)
def test_one_word_or_a_word_of_refusal_inside_an_answer_is_behavior(response, family):
    assert behavior_compliance(response, family) is None


@pytest.mark.parametrize(
    "response",
    ["B", "b", " B\n", "B.", "(b)", "'B'", "**B**", "B. Peru", "B) Peru", "B - Peru", "B\nAs"],
)
def test_a_letter_that_stands_for_itself_is_a_choice(response):
    assert choice_letter(response, FOUR) == "B"


@pytest.mark.parametrize("response", ["", "A dog is", "I think B", "Both", "A and B", "E", "7"])
def test_a_letter_that_is_a_word_or_no_option_is_no_choice(response):
    assert choice_letter(response, FOUR) is None
    assert behavior_compliance(response, "multiple_choice", FOUR) is not None


def test_the_options_decide_which_letters_are_a_choice():
    assert behavior_compliance("C", "multiple_choice", FOUR) is None
    assert behavior_compliance("C", "values", FOUR[:2]) == "not_an_option"
    assert choice_letter("A", ()) is None


@given(st.text(), st.integers(0, 26))
def test_a_choice_is_one_of_the_letters_and_reads_as_itself(text, n_options):
    options = ("option",) * n_options
    letter = choice_letter(text, options)
    assert letter is None or letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:n_options]
    assert letter is None or choice_letter(letter, options) == letter


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("7", None),
        ("-3, 4", None),
        ('"8"', None),
        ("4.5 or so", None),
        (" ", "blank"),
        ("seven", "not_a_number"),
        ("the 7", "not_a_number"),
        ("7th", "not_a_number"),
    ],
)
def test_where_a_number_is_asked_for_an_answer_opens_with_one(response, reason):
    assert behavior_compliance(response, "number") == reason
