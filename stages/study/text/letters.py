"""The letter of an option that an answer chooses."""

import re
from collections.abc import Iterator, Sequence

from stages.study.text.form import one_form, settled, skeleton, word_form

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SEEN = 20  # words after a letter in which another one may take the choice back
# What may stand before a letter or a number: blanks, quotes, brackets, markup.
OPENING = r"""(?:[\s"'`*_#$(<=]|\\(?:boxed|text\w*|math\w+)?(?=[($]))*+"""
# After its letter: nothing, a new line, a tab, or a mark before more text.
LABEL = re.compile(
    OPENING + r"""(?P<letter>[A-Za-z])"""
    r"""(?:[\s"'`*_$)>\\]*\Z|["'`*_$]*[.,:;!?)]|[*`_>]+\s|\s+[-:]|\s*\n|\t|\s*</?[A-Za-z])"""
)
NO_LABEL = re.compile(OPENING + r"""(?:[A-Za-z][^\W_]|[A-Za-z]\ +[^\W_]|[^A-Za-z\s"'`*_#$(<=\\])""")
# `A.I.`, `a. m.`: the letter is a part of a word; `I, too`: it is one.
WORD = re.compile(r"\.\ ?([A-Za-z])\.|\.([A-Za-z])(?![^\W_])")
# Another letter that stands alone right after the first one: joined to it (`A, B and C`, `A/B`,
# `A? B?`, `**A** **B**`), or a label as well (`A) or B)`, `A. B.`); `A. K` is a letter with the
# text of its option.
BETWEEN = r"""(?:[^\w\\]|_|\\(?:boxed|text\w*|math\w+)?(?=[()$]))*"""
JOINS = r"(?:and|or|also|else|even|maybe|perhaps|possibly|plus|then)\b"
ANOTHER = rf"""{BETWEEN}(?:{JOINS}{BETWEEN})*([A-Za-z])["'`*_$>]*"""
ALONE = re.compile(
    rf"""(?={BETWEEN}(?:[,;/&+|!?*_`>\n\t-]|{JOINS})){ANOTHER}"""
    rf"""(?:\)*\s*\Z|[.,:;!?/&+|)]|\s*[\n\t]|(?<=[*_`>])\s)"""
    rf"""|{ANOTHER}(?:[.:)]|\s+(?:and|or|&|[-/|])(?!\w))"""
)


def choice_letter(response: str, options: Sequence[str]) -> str | None:
    """The upper-case letter that an answer chooses, None where it chooses none of the options.

    Read as B: `B`, `b.`, `(B)`, `**B** Peru`, `B - Peru`, `B! Peru`. Not read as A: `A dog`,
    `Answer`, `A.I.`. An answer that names several options, or lists them, chooses none.
    """
    form = one_form(response)
    found = LABEL.match(skeleton(form))
    if found is None:
        return None
    letter, allowed = found["letter"].upper(), LETTERS[: len(options)]
    if letter not in allowed:
        return None
    seen = _seen(form[found.end("letter") :])
    rest, first_line = skeleton(seen), next(iter(seen.strip().splitlines()), "")
    others = set(_labels(rest, found["letter"].isupper()))
    if word_form(first_line) != word_form(options[allowed.index(letter)]):
        if set(_next(WORD, rest)) - {letter} or (letter == "I" and rest.startswith(",")):
            return None
        others |= set(_next(ALONE, rest))
    return None if (others - {letter}) & set(allowed) else letter


def choice_decided(text: str) -> bool:
    """Whether no way in which an unfinished answer may go on changes the letter that it chooses."""
    form = skeleton(settled(text))
    if NO_LABEL.match(form):
        return True
    found = LABEL.match(form)
    if found is None or found.end() == len(form):
        return False
    return len(form[found.end("letter") :].split()) > SEEN


def _seen(rest: str) -> str:
    """The words after a letter that are looked at."""
    found = re.match(rf"\s*\S+(?:\s+\S+){{0,{SEEN - 1}}}", rest)
    return found[0] if found else ""


def _next(pattern: re.Pattern[str], rest: str) -> Iterator[str]:
    found = pattern.match(rest)
    if found:
        yield next(group for group in found.groups() if group).upper()


def _labels(rest: str, upper: bool) -> Iterator[str]:
    """The letters of later labels that are written like the first one, whose end opens `rest`.

    At the start of a line, or inside one where more text follows.
    """
    mark = re.match(r"""["'`*_$)>]*?(?:(?P<mark>[.:)])|\s+(?P<dash>[-:])|(?P<line>\s*\n))""", rest)
    if mark is None:
        return
    letter = "[A-Z]" if upper else "[a-z]"
    if mark["line"]:
        after = r"""["'`*_$)>]*\s*(?:\n|\Z)"""
    elif mark["dash"]:
        after = rf"\s+[{mark['dash']}]"
    else:
        after = rf"""["'`*_$]*[{mark["mark"]}]"""
    before = r"""["'`*_#$(<]*"""
    inside = "" if mark["line"] else rf"|(?<=\s){before}({letter}){after}(?=[*`_]*[^\S\n]+\S)"
    for found in re.finditer(rf"\n\s*{before}({letter}){after}{inside}", rest[mark.end() - 1 :]):
        yield next(group for group in found.groups() if group).upper()
