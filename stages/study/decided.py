"""When an unfinished answer is decided: nothing that is asked of it can change any more.

All of it holds for every way in which the answer may go on: the value of each property and
whether the answer complies (`property_value`) are those of the whole answer.
"""

from collections.abc import Callable, Sequence

from stages.study.compliance import may_be_refusal
from stages.study.properties import PROPERTIES
from stages.study.text.form import one_form, settled
from stages.study.text.letters import choice_decided
from stages.study.text.numbers import number_decided

UNFINISHED = "\ufffd"  # a character of which some bytes are still to come


def decides(names: Sequence[str], family: str) -> Callable[[str], bool]:
    """Whether an unfinished answer to a task of `family` decides all properties in `names`.

    Always False where a property takes the whole answer.
    """
    if family in ("multiple_choice", "values"):
        return lambda text: choice_decided(text.rstrip(UNFINISHED))
    if family == "number":
        return lambda text: number_decided(text.rstrip(UNFINISHED))
    reads = [read for name in names if (read := PROPERTIES[name].reads) is not None]
    if len(reads) < len(names):  # one takes the whole answer
        return lambda text: False
    characters = max((read[0] for read in reads), default=0)
    words = max((read[1] for read in reads), default=0)

    def decided(text: str) -> bool:
        known = text.rstrip(UNFINISHED)
        form = one_form(known)
        complete = len(form.split()) - (not form[-1:].isspace())
        enough = len(settled(known)) >= characters and complete >= words
        return enough and not may_be_refusal(known)

    return decided


def first_line_ended(text: str, words: int | None = 1) -> bool:
    """Whether the first line of an answer, blank lines aside, is whole or has too many words.

    A line of more than `words` complies with no question, whatever follows; None: there is no
    limit.
    """
    lines = one_form(text).lstrip().splitlines(keepends=True)
    if not lines:
        return False
    found = [word for word in lines[0].split() if any(c.isalnum() for c in word)]
    return lines[0][-1] in "\r\n" or (words is not None and len(found) > words)
