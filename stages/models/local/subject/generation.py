"""Answers of models that take no prefix tree: `generate` of transformers, driven step by step.

It knows every family's own cache or state. Which tokens follow is said by the caller, so that
nothing of the model's own generation settings (penalties, forced tokens, end marks) has a say.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch

from stages.models.local.subject.layout import Tokens

Advance = Callable[[torch.Tensor, list[int]], dict[int, int]]
"""logits (rows, V), to be used up, and which rows they are of -> the next token of each row that
goes on"""


@dataclass(frozen=True)
class Rows:
    """How a model answers rows by themselves: found by `how_rows` (subject/trial).

    `padded`: in batches of unequal lengths, filled up on the left; else of equal lengths.
    `cached`: it keeps what it read; else it reads a whole row for each token.
    `steady`: in rows of up to so many tokens; in longer ones neither, as its positions turn
    otherwise there by the length of the longest row.
    """

    padded: bool = True
    cached: bool = True
    steady: int | None = None

    def batches(self, lengths: list[int], steps: int) -> list[tuple[list[int], bool]]:
        """Which rows are read together, and whether with a cache."""
        by_length = sorted(range(len(lengths)), key=lambda n: (lengths[n], n))
        short = [n for n in by_length if self.steady is None or lengths[n] + steps <= self.steady]
        batches = [(short, self.cached)] if self.padded and short else []
        alike = by_length[len(short) :] if self.padded else by_length
        for _, same in groupby(alike, key=lengths.__getitem__):
            together = list(same)
            batches.append((together, self.cached and together[0] in short))
        return batches


def generate(
    model: Any, rows: list[Tokens], steps: int, advance: Advance, how: Rows | None = None
) -> None:
    """Hand `advance` the logits after each row, and again after each token that it says.

    A row that it says no token for is finished. The logits are those of a whole forward over the
    row, without padding or cache, but for rounding.
    """
    for numbers, cached in (how or Rows()).batches([len(row) for row in rows], steps):
        _Batch(model, [rows[n] for n in numbers], numbers, advance).run(steps, cached)


class _Batch:
    """Rows that are read together."""

    def __init__(
        self, model: Any, rows: list[Tokens], numbers: list[int], advance: Advance
    ) -> None:
        self.model, self.rows, self.advance = model, rows, advance
        self.numbers = numbers  # of the rows among all
        self.live = list(range(len(rows)))

    def run(self, steps: int, cached: bool) -> None:
        width = max(map(len, self.rows))
        filler = self.rows[0][0]  # never seen; some token that the model knows
        ids = [[filler] * (width - len(row)) + list(row) for row in self.rows]
        seen = [[0] * (width - len(row)) + [1] * len(row) for row in self.rows]
        inputs = {"inputs": torch.tensor(ids, device=self.model.device)}
        if "attention_mask" in inspect.signature(self.model.forward).parameters:
            inputs["attention_mask"] = torch.tensor(seen, device=self.model.device)
        with _settings(self.model, filler):
            self.model.generate(
                **inputs,
                max_new_tokens=steps,
                use_cache=cached,
                logits_processor=[self._choose],
                stopping_criteria=[self._stopped],
            )

    def _choose(self, _: torch.Tensor, logits_BV: torch.Tensor) -> torch.Tensor:
        """The next tokens as scores, of which the greatest is taken."""
        next_B = torch.zeros(len(self.rows), 1, dtype=torch.long, device=logits_BV.device)
        if self.live:
            every = len(self.live) == len(self.rows)
            live_BV = logits_BV if every else logits_BV[self.live]
            said = self.advance(live_BV, [self.numbers[n] for n in self.live])
            self.live = [n for n in self.live if self.numbers[n] in said]
            for n in self.live:
                next_B[n] = said[self.numbers[n]]
        return logits_BV.fill_(-torch.inf).scatter_(1, next_B, 0)

    def _stopped(self, ids_BN: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        return torch.full((len(ids_BN),), not self.live, device=ids_BN.device)


@contextmanager
def _settings(model: Any, filler: int) -> Iterator[None]:
    """Within the block, the model has no generation settings of its own."""
    from transformers import GenerationConfig

    before = model.generation_config
    model.generation_config = GenerationConfig(do_sample=False, pad_token_id=filler)
    try:
        yield
    finally:
        model.generation_config = before
