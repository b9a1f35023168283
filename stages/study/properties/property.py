"""What a property is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stages.storage.errors import StudyError
from stages.study.properties.answers import AnswerKind
from stages.study.text.form import one_form

TEXT = ("sequence", "continuation")
NUMBER = ("number",)
FAMILIES = (*TEXT, "multiple_choice", "values", *NUMBER)

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

    Raises ValueError where the name is no plain one, where the question does not say "your
    answer" once, which is how it is asked in the third person, or where a family is unknown.
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
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", self.name):
            raise ValueError(
                f"property {self.name!r}: letters, digits and '_' are allowed in its name, a "
                "letter first"
            )
        if self.question.count("your answer") != 1:
            raise ValueError(
                f"property {self.name!r}: the question {self.question!r} must say 'your answer' "
                "once; in the third person it becomes 'its answer'"
            )
        if not self.families or not set(self.families) <= set(FAMILIES):
            raise ValueError(
                f"property {self.name!r}: families {self.families!r}; allowed: "
                f"{', '.join(FAMILIES)}"
            )

    def extract(
        self, response: str | None, options: Sequence[str] = (), trait_option: str | None = None
    ) -> str | None:
        """The published value of the raw answer; None or `missing` where there is none.

        Raises StudyError where the definition fails on it or gives what is no text.
        """
        if response is None:
            return self.missing
        try:
            value = self.definition(response, trait_option)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise StudyError(self._about(response, f"its definition fails: {what}")) from error
        if value is None or isinstance(value, str):
            return value
        raise StudyError(
            self._about(response, f"its value is {value!r}; a text or None is allowed")
        )

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
        raise StudyError(self._about(response, f"its value is {found!r}; allowed: {allowed}"))

    def closed_answers(self) -> Mapping[str, tuple[str, ...]] | None:
        """Where all answers can be listed: each as `comparable` writes it, with its spellings."""
        return self.answer_kind.closed

    def parse_answer(self, raw: str) -> tuple[str | None, bool]:
        """What a predictor answered, as `comparable` writes it, and whether it complied."""
        form = one_form(raw)
        lines = form.strip().splitlines()
        found = self.answer_kind.read(lines[0].strip() if lines else form)
        return (None, False) if found is None else (comparable(found, self), True)

    def _about(self, response: str, wrong: str) -> str:
        shown = response if len(response) <= 60 else f"{response[:57]}..."
        return f"{self.file or 'property'}: {self.name!r}: of the answer {shown!r} {wrong}"


def comparable(value: str, prop: Property) -> str:
    """The form in which truth, label and answer are compared; idempotent."""
    return prop.answer_kind.write(value)
