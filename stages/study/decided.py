"""When an unfinished answer is decided: nothing that is asked of it can change any more.

All of it holds for every way in which the answer may go on: the value of each property and
whether the answer complies (`property_value`) are those of the whole answer.
"""

import re
from collections.abc import Callable, Sequence

from stages.study.compliance import CHOICE, NUMBER, may_be_refusal
from stages.study.properties import PROPERTIES

UNFINISHED = "\ufffd"  # a character of which some bytes are still to come
NUMBER_ENDED = re.compile(NUMBER.pattern + r"(?:\s|[^\w.\s]|\.\D)")
NO_NUMBER = re.compile(r"""["'“‘`(\[*\s]*[-+]?[^-+\d"'“‘`(\[*\s]""")
NO_CHOICE = re.compile(r"""["'“‘`(\[*\s]*(?:[A-Za-z][A-Za-z0-9]|[^A-Za-z"'“‘`(\[*\s])""")


def decides(names: Sequence[str], family: str) -> Callable[[str], bool]:
    """Whether an unfinished answer to a task of `family` decides all properties in `names`.

    Always False where a property takes the whole answer.
    """
    if family in ("multiple_choice", "values"):
        return _choice_decided
    if family == "number":
        return _number_decided
    reads = [read for name in names if (read := PROPERTIES[name].reads) is not None]
    if len(reads) < len(names):  # one takes the whole answer
        return lambda text: False
    characters = max((read[0] for read in reads), default=0)
    words = max((read[1] for read in reads), default=0)

    def decided(text: str) -> bool:
        known = text.rstrip(UNFINISHED)
        complete = len(known.split()) - (not known[-1:].isspace())
        return len(known) > characters and complete >= words and not may_be_refusal(known)

    return decided


def first_line_ended(text: str, words: int | None = 1) -> bool:
    """Whether the first line of an answer, blank lines aside, is whole or has too many words.

    A line of more than `words` complies with no question, whatever follows; None: there is no
    limit.
    """
    lines = text.lstrip().splitlines(keepends=True)
    if not lines:
        return False
    found = [word for word in lines[0].split() if any(c.isalnum() for c in word)]
    return lines[0][-1] in "\r\n" or (words is not None and len(found) > words)


def _choice_decided(text: str) -> bool:
    known = text.rstrip(UNFINISHED)
    # A letter counts as chosen at the end of an answer; what may follow must not take it back.
    return bool(CHOICE.match(known + "\0") or NO_CHOICE.match(known))


def _number_decided(text: str) -> bool:
    known = text.rstrip(UNFINISHED)
    return bool(NUMBER_ENDED.match(known) or NO_NUMBER.match(known))
