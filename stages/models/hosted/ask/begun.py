"""Answers that are begun for the model, as a server is asked for them.

A conversation that ends with the assistant's words is one whose answer is begun. Where a server
cannot go on with it, the beginning is put into words in the user's turn.
"""

from stages.models.chat import Message

IN_WORDS = (
    "Your answer begins with the words below. Go on with it from where they end, and do not "
    "repeat them:"
)


def beginning(messages: list[Message]) -> str:
    """What was begun of the answer, nothing where it was not; a blank at its end is the answer's.

    (After a blank a model has only words to say that begin within one.)
    """
    last = messages[-1]
    return last["content"].rstrip() if last["role"] == "assistant" else ""


def as_sent(messages: list[Message], *, in_words: bool) -> list[Message]:
    """The conversation as it is sent: begun without a blank at its end, or put into words."""
    begun = beginning(messages)
    if messages[-1]["role"] != "assistant":
        return messages
    *before, last = messages
    if begun and not in_words:
        return [*before, {**last, "content": begun}]
    if not begun:
        return before
    asked = before[-1]["content"] if before and before[-1]["role"] == "user" else ""
    kept = before[:-1] if asked else before
    told = f"{IN_WORDS}\n{begun}"
    return [*kept, {"role": "user", "content": f"{asked}\n\n{told}" if asked else told}]


def without_beginning(text: str, begun: str) -> str:
    """The rest of an answer that may repeat its beginning, as it is or behind a blank."""
    if not begun:
        return text
    bare = text.lstrip()
    return bare[len(begun) :] if bare.startswith(begun) else text
