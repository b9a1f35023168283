"""The number that an answer opens with."""

import re
from html import unescape
from itertools import pairwise

from stages.study.text.form import one_form, settled, skeleton
from stages.study.text.letters import OPENING

# A sign, or a currency before or after it.
START = OPENING + r"([-+]?)(?:\$\s?)?(?=\d)"
# Digits in groups of three (Indian ones of two before the last three), a fraction, an exponent.
NUMBER = re.compile(
    START + r"""((?:\d{1,3}(?P<mark>[,'_\u00a0\ ])\d{3}(?:(?P=mark)\d{3})*(?!\d|(?P=mark)\d)"""
    r"""|\d{1,2}(?:,\d\d)+,\d{3}(?!\d|,\d)|\d{1,3}(?:\.\d{3}){2,}(?!\d|\.\d)|\d+))"""
    r"""(\.\d+)?([eE][-+]?\d{1,3})?(?!\w)"""
)
NO_NUMBER = re.compile(OPENING + r"""(?:[-+][^\d$]|[^-+\d\s"'`*_#$(<=\\])""")
# A number, and what no group or fraction of it can follow.
ENDED = re.compile(
    START + r"""\d++(?:[,'_\u00a0\ ]\d{3}(?!\d)|,\d\d(?=,))*+(?:\.\d++)*+"""
    r"""(?:[^\w.,'\u00a0\ ]|[^\W\d_eE]|\.\D|[,'_\u00a0\ ](?:\D|\d\D|\d\d[^\d,]|\d{4}))"""
)
# How HTML and LaTeX write a mark between groups, and what of it an unfinished answer may end with.
ENTITY = re.compile(r"(?<=\d)&#?[A-Za-z0-9]{1,8};")
OPEN_ENTITY = re.compile(r"&#?[A-Za-z0-9]{0,8}\Z")
MARKUP = re.compile(r"(?<=\d)(?:\(\\?,\)|\\[,;:!\ ])(?=\d)")
OPEN_MARKUP = re.compile(r"(?<=\d)(?:\(\\?,?\)?|\\[,;:!\ ]?)\Z")
MOST_DIGITS = 400  # more than any float has when it is written out; Python reads at most 4300
STEP = 3  # how many times the one before it a number of a list may be


def leading_number(response: str) -> str | None:
    """The number that an answer opens with, in ASCII digits without group marks; None without one.

    Read as 7: `7`, ` 7, 9`, `"7"`, `$7`, `\\boxed{7}`; as 1001: `1,001`, `1 001`, `1{,}001`. Not
    read: `the 7`, `seven`, `7th`.
    """
    found = _number(response)
    return found and found[0]


def whole_number(text: str) -> str | None:
    """The whole number that a text is, marks around it aside, in ASCII digits; else None."""
    found = _number(text)
    if found is None or any(c.isalnum() for c in found[1]):
        return None
    digits = found[0].lstrip("+-")
    return found[0] if digits.isdecimal() and len(digits) <= MOST_DIGITS else None


def number_decided(text: str) -> bool:
    """Whether no way in which an unfinished answer may go on changes the number it opens with."""
    form = skeleton(settled(_unescaped(OPEN_ENTITY.sub("", text))))
    form = _plain(OPEN_MARKUP.sub("", form))
    return bool(NO_NUMBER.match(form) or ENDED.match(form))


def _unescaped(text: str) -> str:
    """The text with the characters that HTML entities after a digit stand for."""
    return ENTITY.sub(lambda found: unescape(found[0]), text)


def _plain(form: str) -> str:
    """The form with a comma for `{,}` between digits, and no-break blanks for LaTeX ones."""
    return MARKUP.sub(lambda found: "\u00a0" if "\\" in found[0] else ",", form)


def _number(text: str) -> tuple[str, str] | None:
    """The number that a text opens with, and what follows it."""
    form = _plain(skeleton(one_form(_unescaped(text))))
    found = NUMBER.match(form)
    if found is None:
        return None
    sign, digits, fraction, exponent = found[1], found[2], found[4] or "", found[5] or ""
    if found["mark"] == " " and _may_be_a_list(digits.split(" ")):
        first = digits.split(" ")[0]
        return sign + first, form[found.start(2) + len(first) :]
    return sign + re.sub(r"\D", "", digits) + fraction + exponent, form[found.end() :]


def _may_be_a_list(groups: list[str]) -> bool:
    """Whether numbers with plain blanks between them may be many: `99 100 101`, not `1 000 001`.

    None begins with 0, and none is more than three times the one before it.
    """
    numbers = list(map(int, groups))
    near = all(b <= STEP * a for a, b in pairwise(numbers))
    return near and not any(group.startswith("0") for group in groups[1:])
