"""The hypothetical question: it quotes the object-level prompt and asks for a property.

The quoted text comes first and the property last, so that all questions on one input share
their opening tokens. As in the published study, every predictor reads the same words and nothing
tells a cross-predictor that another model is meant (STUDY section 2), unless params.yaml asks the
cross-predictors in the third person.
"""

from typing import Literal

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
