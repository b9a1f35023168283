"""What can be replied to a question: how a reply is read, and how a value is written."""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stages.study.compliance import LETTERS, choice_letter

EDGES = string.punctuation + string.whitespace + "“”‘’«»…–—"
QUOTES = "\"'“”‘’`"
BLANKS = {"space": " ", "newline": "\n"}
# Longer than any float is when written out; Python reads no integer of more than 4300 digits.
INTEGER = re.compile(r"[+-]?\d{1,400}")


def plain(value: str) -> str:
    """Lower case, no punctuation or blank around it unless there is nothing else."""
    lower = value.lower()
    return lower.strip(EDGES) or lower.strip() or lower


@dataclass(frozen=True, eq=False)
class AnswerKind:
    """A kind of reply.

    `read` takes the one line that is read and gives what it says, None where it does not comply.
    `write` gives the form in which values are compared, and is idempotent. `closed`, where all
    replies can be listed: each as `write` has it, with its spellings. `words` is how many a
    reply that complies can have, None where there is no limit.
    """

    read: Callable[[str], str | None]
    write: Callable[[str], str] = plain
    closed: Mapping[str, tuple[str, ...]] | None = None
    words: int | None = 1


def one_of(*answers: str) -> AnswerKind:
    """The kind of a reply that is one of some lower-case answers."""

    def read(text: str) -> str | None:
        said = _single_spaced(plain(text))
        return said if said in answers else None

    words = max(len(answer.split()) for answer in answers)
    return AnswerKind(read, closed=_spelled(answers), words=words)


def _spelled(answers: Sequence[str]) -> dict[str, tuple[str, ...]]:
    return {a: tuple(dict.fromkeys((a, a.upper(), a.capitalize()))) for a in answers}


def _single_spaced(text: str) -> str:
    return " ".join(text.split())


def _unquoted(text: str) -> str:
    quoted = len(text) > 2 and text[0] in QUOTES and text[-1] in QUOTES
    return text[1:-1] if quoted else text


def _unended(text: str, length: int) -> str:
    return text[:length] if len(text) == length + 1 and text.endswith(".") else text


def _one_character(text: str) -> str | None:
    named = text.strip(EDGES).lower()
    if named in BLANKS:
        return BLANKS[named]
    bare = _unended(_unquoted(text), 1)
    return bare if len(bare) == 1 else None


def _two_characters(text: str) -> str | None:
    for said in (text, text.strip(EDGES)):
        parts = [BLANKS.get(word.lower(), word) for word in said.split()]
        if list(map(len, parts)) == [1, 1] and set(parts) & set(BLANKS.values()):
            return "".join(parts)
    bare = _unended(_unquoted(text), 2)
    return bare if len(bare) == 2 and not bare.isspace() else None


def _character_written(value: str) -> str:
    if value.isspace():
        return "newline" if value in "\r\n" else "space"
    lower = value.lower()
    return lower if len(lower) == len(value) else value


def _two_written(value: str) -> str:
    """`th`, but `t space`: what is longer than two characters is written already."""
    if len(value) != 2:
        return value
    first, second = map(_character_written, value)
    return f"{first} {second}" if len(first + second) > 2 else first + second


def _integer(text: str) -> str | None:
    bare = text.strip(EDGES.replace("+", "").replace("-", ""))
    return bare if INTEGER.fullmatch(bare) else None


def _integer_written(value: str) -> str:
    found = _integer(value)
    return plain(value) if found is None else str(int(found))


SINGLE_CHARACTER = AnswerKind(
    _one_character,
    _character_written,
    _spelled([*string.ascii_lowercase, *string.digits, "space"]),
)
TWO_CHARACTERS = AnswerKind(_two_characters, _two_written, words=2)
SINGLE_WORD = AnswerKind(lambda text: text if len(text.split()) == 1 else None)
ONE_LINE = AnswerKind(
    lambda text: text if text.split() else None,
    lambda value: _single_spaced(plain(value)),
    words=None,
)
WHOLE_NUMBER = AnswerKind(_integer, _integer_written)
LETTER = AnswerKind(lambda text: choice_letter(text, LETTERS), closed=_spelled("abcd"))
TRUE_FALSE = one_of("true", "false")
YES_NO = one_of("yes", "no")
EVEN_ODD = one_of("even", "odd")
