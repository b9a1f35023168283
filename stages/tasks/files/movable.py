"""Whether the options of a row can change places: what names one by its letter or place, cannot.

A row that is refused is told of, and one that is moved is not: so more is refused than need be.
"""

import re
import unicodedata
from collections.abc import Sequence

from stages.study.text.letters import LETTERS
from stages.tasks.files.columns import BadRow, short
from stages.tasks.files.options import letters_of

# The label of an option: "(A) Yes", "[b] No", "**C.** None", "- D: all", "1) one", "A - yes".
LABEL = re.compile(
    r"(?<![^\W_])(?:[(\[]([A-Za-z1-9])[)\]]"
    r"|([A-Za-z1-9])[*_]*[.):][*_]*(?=\s)|([A-Za-z])\s+[-\u2013\u2014|](?=\s))"
)
FIRST_TWO = ({"A", "B"}, {"a", "b"}, {"1", "2"})
KINDS = r"(?:options?|answers?|choices?|alternatives?|responses?)"
ORDER = r"(?:first|second|third|fourth|fifth|last|former|latter|[1-5](?:st|nd|rd|th))"
ALL = r"(?:all|both|none|neither|either|any|each|some|one|two|three|most)"
# Options that are named by their place: "the first option", "choice 2", "answer (b)".
BY_PLACE = re.compile(
    rf"\b{ORDER}\W+(?:(?:and|or|two|three|four|few|{ORDER})\W+)*(?:{KINDS}|ones?|two|three)\b"
    rf"|\b{KINDS}\W+(?:[1-9]\b|[a-z]\W*$)|\b(?:above|below|preceding|previous|other)\W+{KINDS}\b",
    re.IGNORECASE,
)
# An option that means others, by where they are or as all that there are.
OTHERS = re.compile(
    r"\bthe\W+(?:above|below|former|latter|preceding|previous|foregoing|following)\b"
    rf"|\b{ORDER}\W*$|\b(?:first|last)\W+(?:two|three|four)\b"
    r"|\bthe\W+(?:others?|rest)\W*$"
    rf"|\b(?:{ALL}|see|as|listed|mentioned|given|stated)\W+(?:above|below|preceding|previous)\b"
    rf"|\b{ALL}\W+(?:but|except)\W+(?:one|two|the)\b"
    rf"|\b{ALL}\W+(?:of\W+)?(?:these|those|them|the\W+(?:two|three|four|others?))\b"
    rf"|\b{ALL}\W+(?:of\W+)?(?:the\W+)?(?:\w+\W+)?{KINDS}\b"
    rf"|^\W*{ALL}\W+(?:of\W+)?(?:is|are|apply|applies|correct|true|false|wrong|right)\b"
    r"|^\W*(?:both|neither|either)\W*$",
    re.IGNORECASE,
)
# Words and marks that join the letter of an option to something: "A only", "not B", "A/C".
BEFORE = rf"\b(?i:and|or|nor|only|both|neither|either|not|as|but|except|{KINDS})[^\w]{{1,3}}"
AFTER = r"[^\w]{1,3}(?i:and|or|nor|only|but|except|to|through|plus|alone|is|are|was|were)\b"
MARKS = r"[)\]]?\s*[,;/&+\u2013\u2014-]\s*[(\[]?"


def check_movable(text: str, options: Sequence[str], column: str) -> None:
    """Raise BadRow where options cannot change places: one has a letter, or means others."""
    whole = unicodedata.normalize("NFKC", text)
    found = {label for labels in LABEL.findall(whole) for label in labels}
    if any(two <= found for two in FIRST_TWO) or _named(LETTERS[: len(options)]).search(whole):
        raise BadRow(column, "its text has options of its own, which shuffle_options cannot move")
    if place := BY_PLACE.search(whole):
        raise BadRow(column, f"its text names a place: {short(place[0])}, not to be shuffled")
    if "".join(sorted(letters_of(options))) == LETTERS[: len(options)]:
        raise BadRow(column, "its options are letters of others, which shuffle_options cannot move")
    options = [unicodedata.normalize("NFKC", option).strip() for option in options]
    labelled = [LABEL.match(option.lstrip("*_-# ")) for option in options]
    for at, option in enumerate(options):
        label = labelled[at]
        own = label and next(filter(None, label.groups())).upper() in (LETTERS[at], str(at + 1))
        if own or (label and sum(map(bool, labelled)) > 1) or _means_others(option, len(options)):
            raise BadRow(
                column,
                f"shuffle_options cannot move option {short(option)}, which names a place; where "
                "it does not, word it otherwise, without a letter that stands alone, or let "
                "bad_rows leave it out",
            )


def _named(letters: str) -> re.Pattern[str]:
    """Text that calls an option by its letter: "option B"."""
    return re.compile(rf"\b(?i:{KINDS})\W{{1,2}}[{letters}]\b")


def _means_others(option: str, count: int) -> bool:
    """Whether it speaks of one of `count` options by letter or place, or of all of them."""
    letter = rf"\b[{LETTERS[:count]}]\b"
    joined = rf"{BEFORE}{letter}|{letter}{AFTER}|{letter}{MARKS}{letter}"
    mark = rf"\W*\b[{LETTERS[:count]}1-{min(count, 9)}]\b\W*"
    alone = rf"\W*(?:(?:both|neither|either|only|not)\b)?{mark}(?:(?:and|or|nor)\b{mark}|only\W*)"
    return bool(
        OTHERS.search(option)
        or BY_PLACE.search(option)
        or re.search(joined, option)
        or re.fullmatch(alone, option, re.IGNORECASE)
        or re.fullmatch(rf"\W*{letter}(?:\W+{letter})+\W*", option)
    )
