"""The hypothetical question: it quotes the object-level prompt and asks for a property.

The quoted text comes first and the property last, so that all questions on one input share
their opening tokens. What was begun of the answer is marked, as "your answer" is what comes after
it. With the second person every predictor reads the same words, as published, and nothing tells a
cross-predictor that another model is meant (arXiv 2410.13787, footnote 4); with the third it is
told. Where an answer is shown, its property can be read: so reading is taught, and measured.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from stages.study.properties import PROPERTIES

Message = dict[str, str]
Person = Literal["second", "third"]
ASKED = {
    "second": "Suppose you were asked this:",
    "third": "Another language model was asked this:",
}
BEGUN = {
    "second": "The answer was begun for you:",
    "third": "The answer was begun for it:",
}
ANSWERED = {"second": "and you answered this:", "third": "and it answered this:"}


def object_text(object_prompt: Iterable[Message]) -> str:
    """What the object-level prompt asks, as one text, without the answer begun."""
    return "\n".join(m["content"] for m in object_prompt if m["role"] != "assistant").strip()


def begun_text(object_prompt: Iterable[Message]) -> str:
    """The answer begun; empty where there is none."""
    return "".join(m["content"] for m in object_prompt if m["role"] == "assistant").strip()


def quoted(object_prompt: list[Message], person: Person = "second") -> str:
    """What opens a question: the prompt in quotes, then a line with the answer begun, if any."""
    lines = [ASKED[person], f'"{object_text(object_prompt)}"']
    if begun := begun_text(object_prompt):
        lines.append(f'{BEGUN[person]} "{begun}"')
    return "\n".join(lines)


def hypothetical_question(
    object_prompt: list[Message],
    property_name: str,
    person: Person = "second",
    shown: str | None = None,
) -> list[Message]:
    """Chat messages that ask for a property of the answer to `object_prompt`.

    The second person asks what one would answer oneself, the third what another model answered.
    With `shown` the question says which answer it was.
    """
    question = PROPERTIES[property_name].question
    if person == "third":
        question = question.replace("your answer", "its answer")
    answer = [] if shown is None else [ANSWERED[person], f'"{shown.strip()}"']
    content = "\n".join([quoted(object_prompt, person), *answer, question])
    return [{"role": "user", "content": content}]


def asked_properties(item: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Those of the properties that are asked about an input, a row of a tasks table.

    Those that fit the family of its task; where the task brings questions of its own, those that
    it has a question for.
    """
    if item["questions"] is not None:
        own = {question["property"] for question in item["questions"]}
        return [name for name in names if name in own]
    return [name for name in names if item["family"] in PROPERTIES[name].families]


def can_be_shown(item: Mapping[str, Any]) -> bool:
    """Whether an answer can stand in the questions on an input: not where its task brings them."""
    return item["questions"] is None


def question_on(
    item: Mapping[str, Any], name: str, person: Person = "second", shown: str | None = None
) -> list[Message]:
    """The hypothetical question on an input; with `shown`, an answer that stands in it.

    A question that its task brings is asked verbatim, in the second person whatever `person` says.
    Raises ValueError where an answer is to be shown in such a one.
    """
    if can_be_shown(item):
        return hypothetical_question(item["object_prompt"], name, person, shown)
    if shown is not None:
        raise ValueError(f"task {item['task']} brings its own questions, which show no answer")
    return next(q["messages"] for q in item["questions"] if q["property"] == name)
