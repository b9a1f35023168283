"""What a chat template says around an answer: before it a thought or a channel, after it an end."""

import re
from dataclasses import dataclass

from stages.storage.errors import StudyError

# A mark that opens a thought, at the end of a text, and the one that closes what it opens:
# <think> [THINK] ◁think▷, <|START_THINKING|>, <|channel>thought.
OPENED = (
    (re.compile(r"([<\[◁])([\w:]+)([>\]▷])\s*$"), r"\1/\2\3"),
    (re.compile(r"<\|START_(\w+)\|>\s*$"), r"<|END_\1|>"),
    (re.compile(r"<\|(\w+)>[^<>]*$"), r"<\1|>"),
)
CLOSED = re.compile(r"([<\[◁]/[\w:]+[>\]▷]|<\|END_\w+\|>|<\w+\|>)$")
MARK = re.compile(r"[<\[◁][^<>\[\]◁▷]*[>\]▷]")


@dataclass(frozen=True)
class Thought:
    """How a model that may think does so before an answer.

    An answer that opens with `opening` is a thought up to `closing`; with `opened` the prompt has
    opened it already.
    """

    opening: str = "<think>"
    closing: str = "</think>"
    opened: bool = False


@dataclass(frozen=True)
class Opening:
    """What stands before an answer: `asked` to a model that may think, `taught` where it does not.

    `taught` begins with `asked`; what is between them is a thought of no words, or the channel
    of the answer.
    """

    asked: str
    taught: str
    thought: Thought


def opening(prompt: str, finished: str) -> Opening:
    """Before an answer stand `prompt`, by add_generation_prompt, and `finished`, when it is given.

    Raises StudyError where the one does not go on as the other does.
    """
    shorter, before = prompt.rstrip(" "), finished.rstrip(" ")
    if finished.startswith(shorter):
        return Opening(shorter, finished, _written(finished[len(shorter) :].strip()))
    said = shorter.removeprefix(before).strip()
    if shorter.startswith(before) and MARK.match(said):  # a thought, or the beginning of one
        for opened, closes in OPENED:
            if found := opened.search(said):
                closing = found.expand(closes)
                line = "\n" if prompt.endswith("\n") else ""
                taught = f"{prompt}{line}{closing}{2 * line}"
                return Opening(prompt, taught, Thought(found[0].strip(), closing, opened=True))
        if CLOSED.search(said):
            return Opening(prompt, prompt, Thought())
    raise StudyError(
        "chat_template: a finished conversation does not begin with its own prompt, which ends "
        f"in {prompt[-40:]!r} where the conversation has {finished[-40:]!r}; the part after "
        "add_generation_prompt must open an assistant message as it is written"
    )


def _written(said: str) -> Thought:
    """The thought of no words that the template itself puts before a finished answer."""
    if not said:
        return Thought()
    mark = MARK.match(said)
    closed = CLOSED.search(said)
    return Thought(mark[0] if mark else said, closed[0] if closed else said)
