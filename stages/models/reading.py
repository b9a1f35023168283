"""Whether a subject can read all that a study asks it, tried before it is asked anything."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stages.models.chat import Message
from stages.models.hosted.money import estimated_tokens
from stages.models.hosted.spec.manifest import is_hosted
from stages.models.predicting import QuestionForm, hypothetical_questions
from stages.models.protocol import Subject
from stages.models.questions import Question
from stages.models.sampling import object_questions
from stages.models.section import CrossQuestionParams
from stages.storage.tables import Row
from stages.study.design import Design
from stages.study.prompts import asked_properties, can_be_shown
from stages.study.properties import PROPERTIES
from stages.study.splits import part_of


def check_study(
    subject: Subject,
    inputs: Sequence[Row],
    design: Design,
    max_tokens: int,
    *,
    persons: CrossQuestionParams,
    shown: Collection[str] = (),
) -> None:
    """StudyError where prompts of inputs, or hypothetical questions on them, are beyond it.

    A study that could not ask its questions would only say so after the training. The longest
    question on each input is tried in the person, too, in which other models are asked about, and
    with an answer of `max_tokens` words where its part, train or pilot, is one of `shown`.
    """
    subject.check(object_questions(inputs, seed=design.seed), max_tokens)
    told = [row for row in inputs if part_of(row["role"], row["input_id"]) != "rehearsal"]
    subject.check(hypothetical_questions(told, design.properties, QuestionForm()), 1)
    subject.check([q for row in told for q in _longest(row, design, max_tokens, persons, shown)], 1)


def _longest(
    row: Row, design: Design, words: int, persons: CrossQuestionParams, shown: Collection[str]
) -> Iterator[Question]:
    """The longest question on an input in each person, with the answer where one is shown."""
    names = asked_properties(row, design.properties)
    if not names or not can_be_shown(row):
        return
    name = max(names, key=lambda name: len(PROPERTIES[name].question))
    part = part_of(row["role"], row["input_id"])
    answer = {row["input_id"]: " ".join(["word"] * words)} if part in shown else None
    for person in sorted({"second", persons.train if part == "train" else persons.test}):
        yield from hypothetical_questions([row], [name], QuestionForm(person, shown=answer))


@dataclass(frozen=True)
class Room:
    """How many tokens a model reads, prompt and answer together; None where it does not say.

    `length` counts the tokens of a prompt.
    """

    length: Callable[[list[Message]], int]
    tokens: int | None

    def holds(self, messages: list[Message], max_tokens: int) -> bool:
        """Whether a prompt fits, with an answer of `max_tokens`."""
        return self.tokens is None or self.length(messages) + max_tokens <= self.tokens


def room_of(folder: Path) -> Room:
    """The room of the model that fetch_model wrote to `folder`, whose weights are not loaded.

    What a hosted model cannot read its server says itself.
    """
    if is_hosted(folder):
        return Room(estimated_tokens, None)
    from transformers import AutoConfig

    from stages.models.local.subject.limits import positions
    from stages.models.local.subject.loading import without_weights

    _, tokens = positions(AutoConfig.from_pretrained(folder))
    chat = without_weights(folder).chat
    return Room(lambda messages: len(chat.prompt(messages)), tokens)
