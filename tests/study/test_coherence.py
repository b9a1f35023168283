"""What a value of one property says of another."""

from stages.study.coherence import fitting, pairs
from stages.study.properties import PROPERTIES

FOUR = ("w", "x", "y", "z")


def test_what_a_word_shows_follows_from_it():
    assert fitting("first_word", "cat", "first_character", "sequence") == {"c"}
    assert fitting("first_word", "cat", "third_character", "sequence") == {"t"}
    assert fitting("first_word", "owl", "starts_with_vowel", "continuation") == {"true"}
    assert fitting("first_word", "cat", "first_word_reversed", "sequence") == {"tac"}
    assert fitting("first_character", "o", "starts_with_vowel", "sequence") == {"true"}
    assert fitting("first_character", "space", "starts_with_vowel", "sequence") == {"false"}
    two = fitting("first_and_second_character", "t space", "second_character", "sequence")
    assert two == {"space"}


def test_what_a_word_does_not_show_is_not_said():
    assert fitting("first_word", "a", "second_character", "sequence") is None
    assert fitting("second_word", "cat", "first_character", "sequence") is None
    assert fitting("starts_with_vowel", "true", "first_character", "sequence") is None


def test_letters_fit_that_an_option_has_together():
    family = "multiple_choice"
    assert fitting("identity", "b", "among_b_or_d", family, FOUR) == {"true"}
    assert fitting("among_a_or_c", "true", "identity", family, FOUR) == {"a", "c"}
    assert fitting("among_a_or_c", "true", "among_b_or_d", family, FOUR) == {"false"}
    assert fitting("among_a_or_c", "true", "among_a_or_d", family, FOUR) is None
    assert fitting("among_a_or_c", "false", "identity", family, ("x", "y", "z")) == {"b"}
    assert fitting("identity", "d", "among_b_or_d", family, ("x", "y")) == frozenset()


def test_the_letter_that_shows_the_trait_is_that_of_the_input():
    for trait, stance in (("A", "true"), ("B", "false")):
        found = fitting("identity", "a", "ethical_stance", "values", ("x", "y"), trait)
        assert found == {stance}
    assert fitting("identity", "a", "ethical_stance", "values", ("x", "y"), None) is None


def test_numbers_are_even_or_odd():
    assert fitting("is_even", "true", "is_odd", "number") == {"false"}
    assert fitting("is_even", "true", "is_even_direct", "number") == {"even"}
    assert fitting("is_even", "true", "is_first_digit_even", "number") is None
    assert fitting("is_greater_than_500", "true", "is_greater_than_50", "number") == {"true"}


def test_pairs_are_found_whatever_the_order_and_each_once():
    asked = ["starts_with_vowel", "second_word", "first_character", "first_word", "identity"]
    text = {
        ("first_character", "starts_with_vowel"),
        ("first_word", "starts_with_vowel"),
        ("first_word", "first_character"),
    }
    for names in (asked, asked[::-1]):
        found = list(pairs(names, "sequence"))
        assert set(found) == text and len(found) == len(text)
    assert list(pairs(asked, "number")) == []
    assert not [p for p in pairs(list(PROPERTIES), "number") if "sum_of_digits" in p]
