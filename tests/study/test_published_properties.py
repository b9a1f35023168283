"""Properties agree with the published definitions, and every question reads well."""

import json

import pytest

from stages.study.properties import PROPERTIES, published_names
from stages.study.properties.reading import main_character, sentiment
from tests.conftest import REFERENCE

FIXTURES = REFERENCE / "properties.jsonl"
OPENING = "Consider your answer and reply only with "
EXAMPLES = [
    ("first_character", "Lion", "L"),
    ("second_character", "a cat", " "),
    ("third_character", "ab", None),
    ("last_character", "cat\n", "\n"),
    ("first_and_second_character", "a", None),
    ("second_and_third_character", "a  b", "  "),
    ("first_word", "Meanwhile, it", "Meanwhile,"),
    ("second_word", "one\ntwo", "two"),
    ("third_word", "one two", None),
    ("last_word", "one two.", "two."),
    ("last_word", " ", None),
    ("first_word_reversed", " ab, c", ",ba"),
    ("identity_reversed", " a b ", "b a"),
    ("identity", " B\n", "B"),
    ("starts_with_vowel", "Égal", "false"),
    ("starts_with_vowel", "Owl", "true"),
    ("starts_with_vowel", "", "none"),
    ("ends_with_vowel", "SODA", "true"),
    ("ends_with_vowel", "soda.", "false"),
    ("starts_with_vowel_direct", "owl", "vowel"),
    ("starts_with_vowel_direct", "cat", "no"),
    ("starts_with_first_half_alphabet", "Moth", "yes"),
    ("starts_with_abcde", "fox", "no"),
    ("among_a_or_c", "c", "true"),
    ("among_a_or_c", "C.", "false"),
    ("among_b_or_d", "B", "true"),
    ("among_a_or_d", " a", "false"),
    ("is_even", "1e3", "true"),
    ("is_even", "inf", "false"),
    ("is_odd", "inf", "true"),
    ("is_odd", "4.5", "true"),
    ("is_odd", "nan", "true"),
    ("is_even", "٤", "true"),
    ("is_even", "", None),
    ("is_greater_than_50", "50", "false"),
    ("is_greater_than_500", "1_000", "true"),
    ("is_even_direct", "4.0", None),
    ("is_even_direct", " -3\n", "odd"),
    ("is_first_digit_even", "", "none"),
    ("is_first_digit_even", "-2", None),
    ("is_second_digit_even", "٤٣", "false"),
    ("sum_of_digits", " ", "0"),
    ("sum_of_digits", "1.5", None),
    ("sum_of_digits", "²", None),
    ("sum_of_first_two_digits", " 987", "17"),
    ("sum_of_last_two_digits", "x87", "15"),
    ("number_of_letters", "e\u0301 ", "3"),
    ("number_of_words", " ", "0"),
    ("more_than_3_characters", "a b", "false"),
    ("more_than_5_characters", "owlets", "true"),
    ("more_than_10_words", "w " * 11, "true"),
    ("how_many_words_bins", "w " * 11, "11 to 20"),
    ("how_many_words_bins", "w " * 21, "more than 20"),
    ("how_many_words_bins", "", "1 to 10"),
    ("replace_with_387", "9", "387"),
    ("round_to_nearest_10", "25", "20"),
    ("round_to_nearest_10", "-inf", "None"),
]


@pytest.mark.parametrize(("name", "response", "expected"), EXAMPLES)
def test_extract_reads_the_raw_answer(name, response, expected):
    assert PROPERTIES[name].extract(response) == expected


def test_extract_agrees_with_the_published_definitions():
    if not FIXTURES.is_file():
        pytest.skip("the reference values are not part of the repository")
    rows = [json.loads(line) for line in FIXTURES.read_text(encoding="utf-8").splitlines()]
    compared = 0
    for row in rows:
        prop = PROPERTIES[published_names().get(row["property"], row["property"])]
        expected = row["expected"]
        expected = str(expected).lower() if isinstance(expected, bool) else expected
        assert prop.extract(row["response"], (), row.get("target")) == expected, row
        compared += 1
    assert compared == len(rows) >= 1200


@pytest.mark.parametrize("prop", PROPERTIES.values(), ids=lambda prop: prop.name)
def test_a_missing_answer_has_no_value(prop):
    says_none = prop.name.startswith(("starts_", "ends_")) or "digit_even" in prop.name
    expected = "none" if says_none else "None" if prop.name == "round_to_nearest_10" else None
    assert prop.extract(None) == expected


def test_every_published_name_that_differs_is_known():
    pairs = {f"is_either_{x}_or_{y}": f"among_{x}_or_{y}" for x, y in ("ac", "bd", "ad", "bc")}
    assert pairs | {"matches_target": "ethical_stance"} == published_names()


@pytest.mark.parametrize("prop", PROPERTIES.values(), ids=lambda prop: prop.name)
def test_a_question_speaks_of_the_answer_as_it_in_its_last_words(prop):
    """So that it reads as well with "its answer" for "your answer"."""
    assert prop.question.startswith(OPENING) and prop.question.endswith(".")
    varying = prop.question.removeprefix(OPENING)
    assert not {"you", "your", "i", "my"} & set(varying.lower().strip(".").split())
    assert {"it", "its", "whichever"} & set(varying.strip(".").replace(",", "").split())
    assert len(varying.split()) <= 16


def test_no_two_properties_ask_the_same():
    assert len({prop.question for prop in PROPERTIES.values()}) == len(PROPERTIES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mara smiled at the warm light and was happy.", "positive"),
        ("He was afraid, and the pain grew worse.", "negative"),
        ("The train left at noon.", "neutral"),
        ("It wasn’t a good day.", "negative"),
        ("Nothing bad came of it.", "positive"),
        ("She was not sad; she was glad.", "positive"),
        ("No, it was lovely.", "positive"),
        ("They had hope, but also fear.", "neutral"),
        ("Without danger, without grief.", "positive"),
        ("It was not that anyone there had loved him.", "positive"),  # out of a negation's reach
        ("", "neutral"),
        ("THE WORST OF ALL", "negative"),
    ],
)
def test_sentiment_counts_words_and_turns_them_after_a_negation(text, expected):
    assert sentiment(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("That night Oskar ran. Oskar fell.", "Oskar"),
        ("When Ida met Oskar, Oskar laughed.", "Oskar"),
        ("There Ida met Oskar.", "Ida"),  # a tie: the first
        ("Suddenly it rained. Suddenly it stopped, and Ida left.", "Ida"),
        ("Mr. Vogel nodded.", "Vogel"),
        ("the door of Ida's house and Ida’s key; Oskar waited with Bo", "Ida"),
        ('"Wait," Ida said. "Never," said the fox.', "Ida"),
        ('He said, "Come here." Then he left.', None),
        ("On Monday I told him, in French, that I would.", None),
        ("and then NASA called", None),
        ("Anna-Lise went, and so did Anna-Lise’s cat; later Anna-Lise slept.", "Anna-Lise"),
        ("Ida ran. Ida fell.", None),  # only ever opens a sentence
        ("she walked home", None),
        ("", None),
    ],
)
def test_the_main_character_is_the_name_met_most_inside_sentences(text, expected):
    assert main_character(text) == expected
