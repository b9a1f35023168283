"""What a property is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stages.study.properties.answers import AnswerKind

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

    Raises ValueError where the question does not say "your answer" once, which is how it is asked
    in the third person, or where a family is unknown.
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

    def __post_init__(self) -> None:
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
        """The published value of the raw answer; None or `missing` where there is none."""
        return self.missing if response is None else self.definition(response, trait_option)

    def closed_answers(self) -> Mapping[str, tuple[str, ...]] | None:
        """Where all answers can be listed: each as `comparable` writes it, with its spellings."""
        return self.answer_kind.closed

    def parse_answer(self, raw: str) -> tuple[str | None, bool]:
        """What a predictor answered, as `comparable` writes it, and whether it complied."""
        lines = raw.strip().splitlines()
        found = self.answer_kind.read(lines[0].strip() if lines else raw)
        return (None, False) if found is None else (comparable(found, self), True)


def comparable(value: str, prop: Property) -> str:
    """The form in which truth, label and answer are compared; idempotent."""
    return prop.answer_kind.write(value)
