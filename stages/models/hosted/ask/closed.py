"""How probable each answer of a closed set is, by the alternatives to the first token.

Exact where one of them opens each answer: as for local models, that is a spelling of the answer
in one token, with or without a blank before it, else the first piece of its first spelling.
"""

import math
from collections.abc import Collection, Mapping, Sequence

from stages.models.questions import Answer

Closed = Mapping[str, tuple[str, ...]]
"""the spellings of each answer"""


def shares(
    closed: Closed | None, top: Sequence[tuple[str, float]] | None
) -> dict[str, float] | None:
    """The probability of each answer's first tokens; None where one has none among `top`."""
    if not closed or not top:
        return None
    found = {}
    for answer, spellings in closed.items():
        others = [other for name, all_ in closed.items() if name != answer for other in all_]
        mine = _opening(spellings, others, top)
        if not mine:
            return None
        found[answer] = float(f"{sum(mine):.5g}")
    return found


def _opening(
    spellings: Sequence[str], others: Collection[str], top: Sequence[tuple[str, float]]
) -> list[float]:
    """The probabilities of the tokens that open an answer and no other."""
    probabilities: dict[str, float] = {}
    for token, logprob in top:
        probabilities[token] = max(probabilities.get(token, 0.0), math.exp(min(logprob, 0.0)))
    whole = [p for token, p in probabilities.items() if token.removeprefix(" ") in spellings]
    if whole:
        return whole
    pieces = [
        (len(piece), p)
        for token, p in probabilities.items()
        if (piece := token.removeprefix(" "))
        and spellings[0].startswith(piece)
        and not any(other.startswith(piece) for other in others)
    ]
    longest = max((length for length, _ in pieces), default=0)
    return [p for length, p in pieces if length == longest]


def sampled_shares(closed: Closed, answers: Sequence[Answer]) -> dict[str, float] | None:
    """The share of samples that open with each answer; None where none does."""
    counts = dict.fromkeys(closed, 0)
    for one in answers:
        said = {name for name, spellings in closed.items() if _opens(one.text, spellings)}
        if len(said) == 1:
            counts[said.pop()] += 1
    total = sum(counts.values())
    return {name: count / len(answers) for name, count in counts.items()} if total else None


def _opens(text: str, spellings: Sequence[str]) -> bool:
    """Whether a text opens with an answer, and not with a longer word."""
    return any(
        text.startswith(spelling) and not text[len(spelling) :][:1].isalnum()
        for spelling in spellings
    )
