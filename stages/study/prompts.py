"""The hypothetical question: it quotes the object-level prompt and asks for a property.

The quoted text comes first and the property last, so that all questions on one input share
their opening tokens. As in the published study, every predictor reads the same words: nothing
tells a cross-predictor that another model is meant (STUDY section 2).
"""

from stages.study.properties import PROPERTIES

Message = dict[str, str]


def object_text(object_prompt: list[Message]) -> str:
    """The object-level prompt as one text: the user's words, then the answer begun, if any."""
    text = "\n".join(m["content"] for m in object_prompt if m["role"] != "assistant").strip()
    begun = "".join(m["content"] for m in object_prompt if m["role"] == "assistant")
    return f"{text}\n{begun}" if begun else text


def hypothetical_question(object_prompt: list[Message], property_name: str) -> list[Message]:
    """Chat messages that ask for a property of the answer one would give to `object_prompt`."""
    question = PROPERTIES[property_name].question
    content = f'Suppose you were asked this:\n"{object_text(object_prompt)}"\n{question}'
    return [{"role": "user", "content": content}]
