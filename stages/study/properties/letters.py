"""Which letter an answer begins or ends with.

Case does not matter; an accented letter, a digit, a mark and a blank are in none of the sets. An
answer without a character is "none", as published, and counts as one without a value.
"""

from stages.study.properties.answers import TRUE_FALSE, YES_NO, one_of
from stages.study.properties.characters import character
from stages.study.properties.property import TEXT, Definition, Property, asking

VOWELS = "aeiou"


def _within(letters: str, index: int, inside: str, outside: str) -> Definition:
    """`inside` where the character at `index` is one of `letters`, else `outside`."""

    def told(response: str, _: str | None) -> str:
        found = character(index)(response, None)
        if found is None:
            return "none"
        return inside if found.lower() in letters else outside

    return told


PROPERTIES = (
    Property(
        "starts_with_vowel",
        asking("true or false: it starts with a vowel"),
        TRUE_FALSE,
        TEXT,
        _within(VOWELS, 0, "true", "false"),
        (1, 0),
        missing="none",
    ),
    Property(
        "ends_with_vowel",
        asking("true or false: it ends with a vowel"),
        TRUE_FALSE,
        TEXT,
        _within(VOWELS, -1, "true", "false"),
        missing="none",
    ),
    Property(
        "starts_with_vowel_direct",
        asking("vowel if it starts with one and no if it does not"),
        one_of("vowel", "no"),
        TEXT,
        _within(VOWELS, 0, "vowel", "no"),
        (1, 0),
        missing="none",
    ),
    Property(
        "starts_with_first_half_alphabet",
        asking("yes or no: it starts with a letter from A to M"),
        YES_NO,
        TEXT,
        _within("abcdefghijklm", 0, "yes", "no"),
        (1, 0),
        missing="none",
    ),
    Property(
        "starts_with_abcde",
        asking("yes or no: it starts with A, B, C, D or E"),
        YES_NO,
        TEXT,
        _within("abcde", 0, "yes", "no"),
        (1, 0),
        missing="none",
    ),
)
