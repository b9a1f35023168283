"""Which answers about one input fit together: what a value of one property says of another.

Where the value is itself a text that opens the answer (its first word, its first characters), every
property that reads no more than this follows from it: after the first word `cat` the first
character is `c`, the second `a`, and it does not start with a vowel. The word is taken to open the
answer, so a mark as its first character fits no word. Of letters of options, and of numbers where
both replies are of a closed set, values fit that some answer has together: the letter B and
`among_b_or_d` true. Other pairs are none.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations

from stages.storage.errors import StudyError
from stages.study.properties import NUMBER, PROPERTIES, TEXT
from stages.study.text.letters import LETTERS

PROBE = "Quiet zebras jump over my box"
"""an answer whose other values are no part of its opening"""
NUMBERS = tuple(map(str, range(1000)))
"""answers to tasks that ask for a number, which have all that longer ones can have together"""


def pairs(names: Sequence[str], family: str) -> Iterator[tuple[str, str]]:
    """(property, other) of those asked about inputs of a family of which the one may say the other.

    Each two properties stand once, and first the one whose value is a text, if one is.
    """
    own = [name for name in names if family in PROPERTIES[name].families]
    for one, other in combinations(own, 2):
        closed = PROPERTIES[one].answer_kind.closed and PROPERTIES[other].answer_kind.closed
        if _shows(one, other) if family in TEXT else family not in NUMBER or closed:
            yield one, other
        elif family in TEXT and _shows(other, one):
            yield other, one


@cache
def fitting(
    name: str,
    value: str,
    other: str,
    family: str,
    options: tuple[str, ...] = (),
    trait_option: str | None = None,
) -> frozenset[str] | None:
    """The values of `other` that an answer can have whose value of `name` is this one.

    None where it says nothing of the other; empty where no answer to such a task has the value.
    """
    if family in TEXT:
        return _following(name, value, other)
    answers = NUMBERS if family in NUMBER else tuple(LETTERS[: len(options)])
    had = _values(name, answers, options, trait_option)
    others = _values(other, answers, options, trait_option)
    both = {(one, two) for one, two in zip(had, others, strict=True) if one and two}
    fits = frozenset(two for one, two in both if one == value)
    return None if fits == {two for _, two in both} else fits


def _following(name: str, value: str, other: str) -> frozenset[str] | None:
    """What follows from a text that opens the answer; None where it is too short for that."""
    reads = PROPERTIES[other].reads
    text = PROPERTIES[name].answer_kind.read(value)
    if not text or reads is None or not _shows(name, other) or reads[0] > len(text):
        return None
    found = PROPERTIES[other].value(text)
    return None if found is None else frozenset({found})


@cache
def _shows(name: str, other: str) -> bool:
    """Whether values of a property are openings that hold all that the other one reads."""
    known, reads = PROPERTIES[name].reads, PROPERTIES[other].reads
    if known is None or reads is None or not _opens(name):
        return False
    return reads[1] <= known[1] and (reads[0] <= known[0] or known[1] > 0)


@cache
def _opens(name: str) -> bool:
    """Whether values of a property are the texts that answers open with."""
    try:
        found = PROPERTIES[name].value(PROBE)
    except StudyError:
        return False
    return bool(found) and PROBE.lower().startswith(str(found))


@cache
def _values(
    name: str, answers: tuple[str, ...], options: tuple[str, ...], trait_option: str | None
) -> tuple[str | None, ...]:
    return tuple(PROPERTIES[name].value(answer, options, trait_option) for answer in answers)
