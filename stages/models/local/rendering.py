"""Questions as what a model reads: token ids, and the first tokens of the answers of a closed set.

It stands outside of `ask`: what it makes is in the key of an answer, so its source need not be.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stages.models.chat.chat import Chat
from stages.models.chat.thoughts import Thought
from stages.models.local.subject.loading import Subject
from stages.models.questions import Key, Question
from stages.storage.errors import StudyError


@dataclass(frozen=True)
class Branch:
    """A question in tokens: its key, the whole prompt, how its answer is made.

    `decided` says of an unfinished answer that what is wanted of it can no longer change: it is
    cut there. `closed` has the first tokens of each answer of a closed set, to be scored; with
    `score_only` the most probable of them is the answer and nothing is generated. `thought` says
    what the model may think before its answer, which is taken off.
    """

    key: Key
    tokens: tuple[int, ...]
    seed: int = 0
    decided: Callable[[str], bool] | None = None
    closed: dict[str, tuple[int, ...]] | None = None
    score_only: bool = False
    thought: Thought | None = None


def rendered(subject: Subject, questions: Sequence[Question]) -> list[Branch]:
    """The questions in tokens, in their order; raises StudyError that names one that has none."""
    first_tokens = _FirstTokens(subject.chat)
    branches = []
    for question in questions:
        try:
            branches.append(_branch(subject.chat, question, first_tokens))
        except StudyError as error:
            key = " ".join(map(str, question.key))
            raise StudyError(f"{subject.name}: input {key}: {error}") from error
    return branches


def _branch(chat: Chat, question: Question, first_tokens: "_FirstTokens") -> Branch:
    thought = chat.thought(question.messages)
    # What follows the prompt of a model that thinks is no answer yet.
    closed = None if thought else first_tokens.of(question)
    return Branch(
        question.key,
        chat.prompt(question.messages),
        question.seed,
        question.until.decided if question.until else None,
        closed,
        question.score_only and bool(closed),
        thought,
    )


class _FirstTokens:
    """The tokens with which the answers of a closed set may open, by the question's template."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.known: dict[tuple[object, ...], dict[str, tuple[int, ...]] | None] = {}

    def of(self, question: Question) -> dict[str, tuple[int, ...]] | None:
        """The tokens that spell each answer, with and without a blank before it.

        Where its first spelling takes several, the first of these is among them. None where two
        answers open with the same token: then the first token does not tell.
        """
        if question.closed is None:
            return None
        key = tuple(question.closed.items())
        if key not in self.known:
            found = {a: self._opening(question, s) for a, s in question.closed.items()}
            tokens = [token for firsts in found.values() for token in firsts]
            self.known[key] = found if len(set(tokens)) == len(tokens) else None
        return self.known[key]

    def _opening(self, question: Question, spellings: tuple[str, ...]) -> tuple[int, ...]:
        found = [self.chat.spellings(question.messages, spelling) for spelling in spellings]
        taught = found[0][0]
        whole = {tokens[0] for spelled in found for tokens in spelled if len(tokens) == 1}
        return tuple(sorted({taught[0], *whole}))
