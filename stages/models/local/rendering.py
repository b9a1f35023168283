"""Questions as what a model reads: token ids, and the first tokens of the answers of a closed set.

It stands outside of `ask`: what it makes is in the key of an answer, so its source need not be.
"""

from collections.abc import Callable
from dataclasses import dataclass

from stages.models.chat import encode, render_answer, render_prompt
from stages.models.local.subject.loading import Subject
from stages.models.questions import Key, Question


@dataclass(frozen=True)
class Branch:
    """A question in tokens: its key, the whole prompt, how its answer is made.

    `decided` says of an unfinished answer that what is wanted of it can no longer change: it is
    cut there. `closed` has the first tokens of each answer of a closed set, to be scored; with
    `score_only` the most probable of them is the answer and nothing is generated.
    """

    key: Key
    tokens: tuple[int, ...]
    seed: int = 0
    decided: Callable[[str], bool] | None = None
    closed: dict[str, tuple[int, ...]] | None = None
    score_only: bool = False


def rendered(subject: Subject, questions: list[Question]) -> list[Branch]:
    """The questions in tokens, in their order."""
    first_tokens = _FirstTokens(subject)
    branches = []
    for question in questions:
        text = render_prompt(subject.tokenizer, question.messages)
        closed = first_tokens.of(question)
        branches.append(
            Branch(
                question.key,
                tuple(encode(subject.tokenizer, text, start=True)),
                question.seed,
                question.until.decided if question.until else None,
                closed,
                question.score_only and bool(closed),
            )
        )
    return branches


class _FirstTokens:
    """The tokens with which the answers of a closed set may open, by the question's template."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.known: dict[tuple[object, ...], dict[str, tuple[int, ...]] | None] = {}

    def of(self, question: Question) -> dict[str, tuple[int, ...]] | None:
        """The tokens that spell each answer, with and without a blank before it.

        Where no single token does, the first ones of its spellings. None where two answers open
        with the same token: then the first token does not tell.
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
        tokenizer = self.subject.tokenizer
        openings = []
        for spelling in spellings:
            text = render_answer(tokenizer, question.messages, spelling, self.subject.stop)
            lead = text[: text.index(spelling)]
            openings += [encode(tokenizer, x + spelling, start=False) for x in {lead, " "}]
        whole = {tokens[0] for tokens in openings if len(tokens) == 1}
        return tuple(sorted(whole or {tokens[0] for tokens in openings}))
