"""What a chat template says around an answer: before it a thought or a channel, after it an end."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stages.models.chat.thoughts import Thought, opened_by, opening_of
from stages.storage.errors import StudyError

CLOSED = re.compile(r"([<\[◁]/[\w:]+[>\]▷]|<\|END_\w+\|>|<\w+\|>)$")
WORD = re.compile(r"\w+[^\w\s<]?")  # of a channel without a mark: to=user
MARK = re.compile(r"[<\[◁][^<>\[\]◁▷]*[>\]▷]")


@dataclass(frozen=True)
class Opening:
    """What stands before an answer: `asked` to a model that may think, `taught` where it does not.

    `taught` begins with `asked`; what is between them is a thought of no words, or the channel
    of the answer.
    """

    asked: str
    taught: str
    thought: Thought | None


def opening(prompt: str, finished: str, known: Thought | None) -> Opening:
    """Before an answer stand `prompt`, by add_generation_prompt, and `finished`, when it is given.

    `known` is the thought of a model for which neither writes one. Raises StudyError where the one
    does not go on as the other does.
    """
    shorter, before = prompt.rstrip(" "), finished.rstrip(" ")
    thought = opened_by(shorter)
    if thought and finished.startswith(bare := shorter.rstrip()):
        rest = finished[len(bare) :]
        if rest.lstrip().startswith(thought.closing):  # the prompt opens what this closes
            goes_on = finished.startswith(shorter)
            return Opening(shorter, finished if goes_on else shorter + rest.lstrip(), thought)
    if finished.startswith(shorter):
        return Opening(shorter, finished, _written(finished[len(shorter) :].strip(), known))
    said = shorter.removeprefix(before).strip()
    if shorter.startswith(before) and MARK.match(said):  # a thought, or the beginning of one
        if thought := opened_by(said):
            line = "\n" if prompt.endswith("\n") else ""
            taught = f"{prompt}{line}{thought.closing}{2 * line}"
            return Opening(prompt, taught, thought)
        if CLOSED.search(said):
            return Opening(prompt, prompt, known)
    raise StudyError(
        "chat_template: a finished conversation does not begin with its own prompt, which ends "
        f"in {prompt[-40:]!r} where the conversation has {finished[-40:]!r}; the part after "
        "add_generation_prompt must open an assistant message as it is written"
    )


def _written(said: str, known: Thought | None) -> Thought | None:
    """The thought of no words, or the channel, that the template writes before an answer."""
    if not said:
        return known
    mark = MARK.match(said) or WORD.match(said)
    closed = CLOSED.search(said)
    closing = closed[0] if closed else said
    opens = opening_of(said) or (mark[0] if mark else said)
    return Thought(opens, closing)


def ending(
    after: str, marks: Mapping[str, int], stop: Sequence[str], own: Sequence[int]
) -> tuple[str, tuple[int, ...]]:
    """What a label has behind its answer: text, and the token that ends it.

    The first of the end tokens `marks` and the texts `stop` that a template writes `after` an
    answer; where it writes none, the first of the model's `own` end tokens or the first stop mark.
    Raises StudyError where there is none of these.
    """
    found = [
        (at + len(mark), at, mark) for mark in (*marks, *stop) if (at := after.find(mark)) >= 0
    ]
    if found:
        end, at, mark = min(found)
        return (after[:at], (marks[mark],)) if mark in marks else (after[:end], ())
    if own:
        return "", (own[0],)
    if stop:
        return stop[0], ()
    raise StudyError("nothing ends an answer: the model has no end mark; name one in stop")
