"""What no server knows of a study, and its stand-in is told so that it does what a local run does.

A request has messages and a small seed, a line of a training file messages alone. A local model
draws by another seed, and is taught in batches and an order that ids of inputs decide. Seeds and
ids are looked up by what is said; the key of a question begins with the id of its input.
"""

from collections.abc import Sequence
from typing import Any, get_args

from stages.models.hosted.ask.orders import placed
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.identity import Host
from stages.models.inputs import Row
from stages.models.predicting import QuestionForm, hypothetical_questions
from stages.models.questions import Decoding, Question
from stages.models.sampling import object_questions
from stages.storage.keys import digest
from stages.study.prompts import ANSWERED, Person
from stages.study.properties import PROPERTIES
from stages.study.text.letters import LETTERS

NOWHERE = Hosted(Host("any", "any", "http://127.0.0.1/v1"))


class Known:
    """Of questions, whose samples are drawn at temperature 1."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.inputs = {digest(one.messages): one.key[0] for one in questions}
        self.openings = {opening(one.messages): one.key[0] for one in questions}
        self.seeds = {
            (digest(place.question.messages), place.seed): place.question.seed
            for place in placed(NOWHERE, questions, Decoding(1, 1.0))
        }

    def seed(self, messages: list[dict[str, Any]], sent: int | None) -> int:
        """By what a local model draws the sample that a server draws by the seed that is sent."""
        return self.seeds.get((digest(messages), sent), sent or 0)

    def row(self, line: dict[str, Any]) -> Row:
        """The row of a dataset that a line of its file is of; all that jobs are taught weigh 1."""
        *question, answer = line["messages"]
        said = digest(question)
        told = {"question": question, "label": answer["content"], "weight": 1.0, "slice": "train"}
        known = self.inputs.get(said) or self.openings.get(lesson_opening(question))
        return {"input_id": known or said, **told}


def opening(question: Sequence[dict[str, Any]]) -> str:
    """What all questions on an input share: all but the line that asks."""
    return str(question[-1]["content"]).rpartition("\n")[0]


def lesson_opening(question: Sequence[dict[str, Any]]) -> str:
    """The same of a lesson, which shows an answer between."""
    text = str(question[-1]["content"])
    for mark in ANSWERED.values():
        text = text.split(f"\n{mark}\n")[0]
    return text


def study_questions(
    inputs: Sequence[Row], properties: Sequence[str], *, seed: int, samples: int
) -> list[Question]:
    """What a study asks about its inputs, drawn `samples` times."""
    persons = [QuestionForm(person, n_samples=samples) for person in get_args(Person)]
    return [
        *object_questions(inputs, seed=seed, n_samples=samples),
        *(q for form in persons for q in hypothetical_questions(inputs, properties, form, seed)),
    ]


def opens_closed(token: str) -> bool:
    """Whether a token may open an answer of a closed set, alone or with a blank before it."""
    said = token.removeprefix(" ")
    return bool(said) and any(spelling.startswith(said) for spelling in SPELLINGS)


SPELLINGS = {
    spelling
    for one in PROPERTIES.values()
    for spellings in (one.closed_answers() or {}).values()
    for spelling in spellings
} | {spelling for letter in LETTERS for spelling in (letter, letter.lower())}
