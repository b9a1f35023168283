"""What a property is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NoReturn

from stages.storage.errors import StudyError
from stages.study.properties.answers import LETTER, AnswerKind
from stages.study.text.form import one_form

TEXT = ("sequence", "continuation")
NUMBER = ("number",)
FAMILIES = (*TEXT, "multiple_choice", "values", *NUMBER)
HALF_PAIR = re.compile("[\ud800-\udfff]")  # which no file can hold

Definition = Callable[[str, str | None], str | None]
"""(answer, option that shows the trait) -> value"""


def asking(what: str) -> str:
    """A question for `what` of an answer.

    All questions open alike and differ in their last words, so that those on one input share as
    many tokens as they can.
    """
    return f"Consider your answer and reply only with {what}."


@dataclass(frozen=True)
class Property:
    """A property of an answer to a task of one of `families`, and the kind of what is replied.

    Raises ValueError where a part of it is none: a name that is no plain one, a question that does
    not say "your answer" once, which is how it is asked in the third person, an unknown family.
    """

    name: str
    question: str
    answer_kind: AnswerKind
    families: tuple[str, ...]
    definition: Definition
    # How many opening characters and words of an answer decide it; None: it takes the whole.
    reads: tuple[int, int] | None = None
    # What the published definition says where there is no value, if it says anything.
    missing: str | None = None
    # What the published code calls it, where that is another name.
    published_name: str | None = None
    # The file that has it; told where it is found.
    file: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not re.fullmatch(r"[A-Za-z]\w*", self.name, re.ASCII):
            self._refuse("name", self.name, "letters, digits and '_', a letter first")
        if not isinstance(self.question, str) or self.question.count("your answer") != 1:
            what = (
                "a text that says 'your answer' once; in the third person it becomes 'its answer'"
            )
            self._refuse("question", self.question, what)
        if not isinstance(self.answer_kind, AnswerKind):
            self._refuse("answer_kind", self.answer_kind, "an AnswerKind, such as one_of('a', 'b')")
        families = self.families
        if (
            not isinstance(families, tuple)
            or not families
            or any(f not in FAMILIES for f in families)
        ):
            self._refuse("families", families, f"a tuple of {', '.join(FAMILIES)}")
        if not callable(self.definition):
            self._refuse("definition", self.definition, "a function of answer and trait option")
        if self.reads is not None and not _is_pair(self.reads):
            self._refuse("reads", self.reads, "None, or how many characters and words")

    def _refuse(self, field: str, found: object, allowed: str) -> NoReturn:
        raise ValueError(
            f"property {short(self.name)}: {field} is {short(found)}; allowed: {allowed}"
        )

    def extract(
        self, response: str | None, options: Sequence[str] = (), trait_option: str | None = None
    ) -> str | None:
        """The published value of the raw answer; None or `missing` where there is none.

        Raises StudyError where the definition fails on it or gives what is no text.
        """
        if response is None:
            return self.missing
        return self._text("definition", response, lambda: self.definition(response, trait_option))

    def written(self, value: str) -> str:
        """The form in which a value is compared. Raises StudyError where its kind gives none."""
        found = self._text("answer_kind.write", value, lambda: self.answer_kind.write(value))
        if found is None:
            raise StudyError(self._about(value, "its answer_kind.write gives None; write a text"))
        return found

    def value(
        self, response: str, options: Sequence[str] = (), trait_option: str | None = None
    ) -> str | None:
        """The value of a text as the study compares it; None where there is none.

        Raises StudyError where no reply could say it, so that nobody could ever be right.
        """
        found = self.extract(one_form(response), options, trait_option)
        if found is None or found == self.missing:
            return None
        written = comparable(found, self)
        if not written or self.parse_answer(written) == (written, True):
            return written or None
        closed = self.closed_answers()
        allowed = ", ".join(closed) if closed else "what a reply of its kind can say"
        raise StudyError(self._about(response, f"its value is {short(found)}; allowed: {allowed}"))

    def closed_answers(self, options: Sequence[str] = ()) -> Mapping[str, tuple[str, ...]] | None:
        """Where all answers can be listed: each as `comparable` writes it, with its spellings.

        Of letters A to D, and more where the input has more options.
        """
        closed = self.answer_kind.closed
        if closed is None or self.answer_kind is not LETTER:
            return closed
        return dict(islice(closed.items(), max(4, len(options))))

    def parse_answer(self, raw: str) -> tuple[str | None, bool]:
        """What a predictor answered, as `comparable` writes it, and whether it complied."""
        form = one_form(raw)
        lines = form.strip().splitlines()
        line = lines[0].strip() if lines else form
        found = self._text("answer_kind.read", line, lambda: self.answer_kind.read(line))
        return (None, False) if found is None else (comparable(found, self), True)

    def _text(self, part: str, text: str, made: Callable[[], object]) -> str | None:
        """What a function of the property's file makes of a text: a text or None."""
        try:
            value = made()
        except (Exception, SystemExit) as error:
            what = f"its {part} fails: {in_words(error)}"
            raise StudyError(self._about(text, what)) from error
        if value is None or (isinstance(value, str) and not HALF_PAIR.search(value)):
            return value
        told = "value" if part == "definition" else part
        what = f"its {told} is {short(value)}; a text or None is allowed"
        raise StudyError(self._about(text, what))

    def _about(self, response: str, wrong: str) -> str:
        return f"{self.file}: property {self.name!r}: of the answer {short(response)} {wrong}"


def comparable(value: str, prop: Property) -> str:
    """The form in which truth, label and answer are compared; idempotent."""
    return prop.written(value)


def short(found: object) -> str:
    """What was found, for a message of one line."""
    shown = repr(found)
    return shown if len(shown) <= 70 else f"{shown[:67]}..."


def in_words(error: BaseException) -> str:
    """An error of a definition or of its file, in one line."""
    what = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {' '.join(what.split())[:200]}"


def _is_pair(reads: object) -> bool:
    counts = reads if isinstance(reads, tuple) else ()
    return len(counts) == 2 and all(type(n) is int and n >= 0 for n in counts)
