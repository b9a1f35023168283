"""What can be replied to a question: how a reply is read, and how a value is written."""

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stages.study.text.form import is_one_character, one_form, unmarked, word_form
from stages.study.text.letters import LETTERS, choice_letter
from stages.study.text.numbers import whole_number

QUOTES = "\"'“”‘’`"
BLANKS = {"space": " ", "newline": "\n"}
MOST_GROUPS = 4  # of digits with blanks between them, in a number that is replied


@dataclass(frozen=True, eq=False)
class AnswerKind:
    """A kind of reply.

    `read` takes the one line that is read, in its one form (stages.study.text.form), and gives
    what it says, None where it does not comply. `write` gives the form in which values are
    compared, and is idempotent. `closed`, where all replies can be listed: each as `write` has
    it, with its spellings. `words` is how many a reply that complies can have, None where there
    is no limit.
    """

    read: Callable[[str], str | None]
    write: Callable[[str], str] = word_form
    closed: Mapping[str, tuple[str, ...]] | None = None
    words: int | None = 1


def one_of(*answers: str) -> AnswerKind:
    """The kind of a reply that is one of some answers, each in the form in which it is compared.

    Raises ValueError where one is not, in lower case, without marks around it, or stands twice.
    """
    if not answers or len(set(map(str, answers))) < len(answers):
        raise ValueError(f"one_of: {answers!r}; allowed: one or more texts, each once")
    for answer in answers:
        if not isinstance(answer, str):
            raise ValueError(f"one_of: {answer!r} is no text; allowed: texts, such as 'calm'")
        if not answer or _single_spaced(word_form(answer)) != answer:
            form = _single_spaced(word_form(answer))
            raise ValueError(f"one_of: {answer!r} would never be replied; allowed: {form!r}")

    def read(text: str) -> str | None:
        said = _single_spaced(word_form(text))
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


def _one_character(text: str) -> str | None:
    """The character that is said; of an emoji of several code points the first."""
    named = unmarked(text).lower()
    if named in BLANKS:
        return BLANKS[named]
    bare = text if is_one_character(text) else _unquoted(text)
    bare = bare if is_one_character(bare) else bare.removesuffix(".")
    return bare[0] if is_one_character(bare) else None


def _two_characters(text: str) -> str | None:
    for said in (text, unmarked(text)):
        parts = [BLANKS.get(word.lower(), word) for word in said.split()]
        if list(map(len, parts)) == [1, 1] and set(parts) & set(BLANKS.values()):
            return "".join(parts)
    bare = _unquoted(text)
    bare = bare[:2] if len(bare) == 3 and bare.endswith(".") else bare
    return bare if len(bare) == 2 and not bare.isspace() else None


def _character_written(value: str) -> str:
    if value.isspace():
        return "newline" if value in "\r\n" else "space"
    form = one_form(value)
    lower = one_form(form.lower())
    return lower if len(lower) == len(form) else form


def _two_written(value: str) -> str:
    """`th`, but `t space`: what is longer than two characters is written already.

    Nothing where one of the two does not show, so that nobody could say it.
    """
    form = one_form(value)
    if len(form) != 2:
        return form if len(form) > 2 else ""
    first, second = map(_character_written, form)
    if len(first + second) > 2:
        return f"{first} {second}"
    return form if len(one_form(first + second)) < 2 else first + second


def _integer(text: str) -> str | None:
    return whole_number(text) if len(text.split()) <= MOST_GROUPS else None


def _integer_written(value: str) -> str:
    found = whole_number(value)
    return word_form(value) if found is None else str(int(found))


SINGLE_CHARACTER = AnswerKind(
    _one_character,
    _character_written,
    _spelled([*string.ascii_lowercase, *string.digits, "space"]),
)
TWO_CHARACTERS = AnswerKind(_two_characters, _two_written, words=2)
SINGLE_WORD = AnswerKind(lambda text: text if len(text.split()) == 1 else None)
ONE_LINE = AnswerKind(
    lambda text: text if text.split() else None,
    lambda value: _single_spaced(word_form(value)),
    words=None,
)
WHOLE_NUMBER = AnswerKind(_integer, _integer_written, words=MOST_GROUPS)
LETTER = AnswerKind(
    lambda text: choice_letter(text, LETTERS), closed=_spelled(LETTERS.lower()), words=None
)
TRUE_FALSE = one_of("true", "false")
YES_NO = one_of("yes", "no")
EVEN_ODD = one_of("even", "odd")
