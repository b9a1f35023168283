"""Whether a subject can read all that a study asks it, tried before it is asked anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stages.models.chat import Message
from stages.models.hosted.money import estimated_tokens
from stages.models.hosted.spec.manifest import is_hosted
from stages.models.predicting import QuestionForm, hypothetical_questions
from stages.models.protocol import Subject
from stages.models.sampling import object_questions
from stages.storage.tables import Row
from stages.study.design import Design
from stages.study.splits import part_of


def check_study(subject: Subject, inputs: Sequence[Row], design: Design, max_tokens: int) -> None:
    """StudyError where prompts of inputs, or hypothetical questions on them, are beyond it.

    A study that could not ask its questions would only say so after the training.
    """
    subject.check(object_questions(inputs, seed=design.seed), max_tokens)
    told = [row for row in inputs if part_of(row["role"], row["input_id"]) != "rehearsal"]
    subject.check(hypothetical_questions(told, design.properties, QuestionForm()), 1)


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
