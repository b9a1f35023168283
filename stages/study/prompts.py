"""The hypothetical question: it quotes the object-level prompt and asks for a property.

The quoted text comes first and the property last, so that all questions on one input share
their opening tokens. As in the published study, every predictor reads the same words and nothing
tells a cross-predictor that another model is meant (arXiv 2410.13787, footnote 4), unless
params.yaml asks the cross-predictors in the third person.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from stages.study.properties import PROPERTIES

Message = dict[str, str]
Person = Literal["second", "third"]


def object_text(object_prompt: list[Message]) -> str:
    """The object-level prompt as one text: the user's words, then the answer begun, if any."""
    text = "\n".join(m["content"] for m in object_prompt if m["role"] != "assistant").strip()
    begun = "".join(m["content"] for m in object_prompt if m["role"] == "assistant")
    return f"{text}\n{begun}" if begun else text


def hypothetical_question(
    object_prompt: list[Message], property_name: str, person: Person = "second"
) -> list[Message]:
    """Chat messages that ask for a property of the answer to `object_prompt`.

    The second person asks what one would answer oneself, the third what another model answered.
    """
    question = PROPERTIES[property_name].question
    opening = "Suppose you were asked this:"
    if person == "third":
        opening = "Another language model was asked this:"
        question = question.replace("your answer", "its answer")
    content = f'{opening}\n"{object_text(object_prompt)}"\n{question}'
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


def question_on(item: Mapping[str, Any], name: str, person: Person = "second") -> list[Message]:
    """The hypothetical question on an input, verbatim where its task brings one.

    Raises ValueError where such a question is asked for in the third person.
    """
    if item["questions"] is None:
        return hypothetical_question(item["object_prompt"], name, person)
    if person == "third":
        raise ValueError(
            f"params.yaml: cross_questions: task {item['task']} brings its own questions, which "
            "are asked in the second person; 'third' is not allowed with it"
        )
    return next(q["messages"] for q in item["questions"] if q["property"] == name)
