"""Sequences of tokens as a prefix tree in one row: every distinct prefix is computed once.

The row has a token for each distinct prefix of the sequences, however many begin with it. Nothing
is padded: what all prompts of a task share, what all questions on an input share and what the
samples of one prompt share stands in the row once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """N tokens in one row; `paths` has, for each group, the places of each sequence's tokens."""

    tokens: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)  # of each token in its own sequence
    paths: list[list[list[int]]] = field(default_factory=list)


def lay_out(groups: Sequence[Sequence[Tokens]]) -> Layout:
    """The tree of all sequences. A group is what attends together: the questions on one input."""
    layout = Layout(paths=[[[] for _ in group] for group in groups])
    places = [(s, g, n) for g, group in enumerate(groups) for n, s in enumerate(group)]
    previous: Tokens = ()
    path: list[int] = []
    for sequence, g, n in sorted(places):
        same = shared_length(previous, sequence)
        new = range(len(layout.tokens), len(layout.tokens) + len(sequence) - same)
        path = [*path[:same], *new]
        layout.paths[g][n] = path
        layout.tokens.extend(sequence[same:])
        layout.positions.extend(range(same, len(sequence)))
        previous = sequence
    return layout


def shared_length(a: Tokens, b: Tokens) -> int:
    """How many opening tokens two sequences share."""
    short = min(len(a), len(b))
    return next((n for n in range(short) if a[n] != b[n]), short)
