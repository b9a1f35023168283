"""Asking a local model: shared prefixes are computed once, their branches are decoded together.

A group is one prefix with its branches: all property questions on one input, or all samples of
one prompt. The prefix is prefilled once and its key/value cache is handed to every branch.
"""

from dataclasses import dataclass
from typing import Any

import torch

from stages.models.local.loading import Subject


@dataclass(frozen=True)
class Branch:
    """One thing to ask: its key (anything hashable), its whole prompt, the seed of its sample."""

    key: Any
    tokens: tuple[int, ...]
    seed: int = 0


@dataclass(frozen=True)
class Answer:
    """What came back. Log-probabilities are nats under the model itself, at temperature 1."""

    text: str
    finish_reason: str  # stop or length
    first_token_logprob: float
    logprob: float  # of the whole answer, its end mark included


def shared_prefix(branches: list[Branch]) -> int:
    """How many opening tokens all branches share, leaving at least one token to each."""
    first, last = min(b.tokens for b in branches), max(b.tokens for b in branches)
    limit = min(len(b.tokens) for b in branches) - 1
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), limit)
    return min(same, limit)


def _left_padded(rows: list[tuple[int, ...]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, rows))
    ids_BT = torch.tensor([[pad] * (width - len(row)) + list(row) for row in rows])
    mask_BT = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return ids_BT, mask_BT


@torch.inference_mode()
def answer_groups(
    subject: Subject, groups: list[list[Branch]], *, max_tokens: int, temperature: float = 0.0
) -> dict[Any, Answer]:
    """Answers of one batch of groups, by the branches' keys.

    Greedy at temperature 0. Otherwise each branch draws from a generator of its own seed, so
    a sample does not depend on what else is in the batch.
    """
    from transformers import DynamicCache

    model, tokenizer = subject.model, subject.tokenizer
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    splits = [shared_prefix(group) for group in groups]
    cut = min(splits) > 0  # a group without a shared token: ask every branch whole
    cache = DynamicCache()
    branches = [branch for group in groups for branch in group]
    group_of = [g for g, group in enumerate(groups) for _ in group]
    starts = [splits[g] if cut else 0 for g in group_of]

    def forward(ids_BT: torch.Tensor, mask_BK: torch.Tensor, position_BT: torch.Tensor) -> Any:
        return (
            model(
                input_ids=ids_BT.to(subject.device),
                attention_mask=mask_BK.to(subject.device),
                position_ids=position_BT.to(subject.device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            .logits[:, -1]
            .float()
        )

    mask_BK = torch.empty((len(branches), 0), dtype=torch.long)
    if cut:
        prefixes = [group[0].tokens[:n] for group, n in zip(groups, splits, strict=True)]
        ids_BT, prefix_BK = _left_padded(prefixes, pad)
        forward(ids_BT, prefix_BK, (prefix_BK.cumsum(1) - 1).clamp(min=0))
        cache.batch_select_indices(torch.tensor(group_of, device=subject.device))
        mask_BK = prefix_BK[group_of]
    ids_BT, suffix_BT = _left_padded(
        [b.tokens[n:] for b, n in zip(branches, starts, strict=True)], pad
    )
    position_BT = (suffix_BT.cumsum(1) - 1 + torch.tensor(starts)[:, None]).clamp(min=0)
    mask_BK = torch.cat([mask_BK, suffix_BT], dim=1)
    logits_BV = forward(ids_BT, mask_BK, position_BT)

    drafts = [_Draft(branch, subject, temperature) for branch in branches]
    live = list(range(len(branches)))
    for step in range(max_tokens):
        logprob_BV = logits_BV.log_softmax(-1).cpu()
        going = [
            n for n, row in enumerate(live) if not drafts[row].take(logprob_BV[n], step, max_tokens)
        ]
        if not going:
            break
        if len(going) < len(live):
            cache.batch_select_indices(torch.tensor(going, device=subject.device))
            mask_BK = mask_BK[going]
            live = [live[n] for n in going]
        ids_BT = torch.tensor([[drafts[row].tokens[-1]] for row in live])
        position_BT = torch.tensor([[len(branches[row].tokens) + step] for row in live])
        mask_BK = torch.cat([mask_BK, torch.ones((len(live), 1), dtype=torch.long)], dim=1)
        logits_BV = forward(ids_BT, mask_BK, position_BT)
    return {draft.branch.key: draft.answer() for draft in drafts}


class _Draft:
    """An answer as it grows."""

    def __init__(self, branch: Branch, subject: Subject, temperature: float) -> None:
        self.branch, self.temperature = branch, temperature
        self.tokenizer, self.stop = subject.tokenizer, subject.stop
        self.ends = set(_end_tokens(subject))
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.text, self.finish_reason = "", "length"
        self.generator = torch.Generator().manual_seed(branch.seed) if temperature else None

    def take(self, logprob_V: torch.Tensor, step: int, max_tokens: int) -> bool:
        """Choose the next token; True when the answer is finished."""
        if self.generator is None:
            token = int(logprob_V.argmax())
        else:
            weights_V = (logprob_V / self.temperature).softmax(-1)
            token = int(torch.multinomial(weights_V, 1, generator=self.generator))
        self.tokens.append(token)
        self.logprobs.append(float(logprob_V[token]))
        if token in self.ends:
            self.text, self.finish_reason = self._decode(self.tokens[:-1]), "stop"
            return True
        self.text = self._decode(self.tokens)
        found = [at for mark in self.stop if (at := self.text.find(mark)) >= 0]
        if found:
            self.text, self.finish_reason = self.text[: min(found)], "stop"
            return True
        return step + 1 == max_tokens

    def _decode(self, tokens: list[int]) -> str:
        return self.tokenizer.decode(tokens, skip_special_tokens=True).lstrip()

    def answer(self) -> Answer:
        first, whole = self.logprobs[0], sum(self.logprobs)
        return Answer(self.text, self.finish_reason, round(first, 4), round(whole, 4))


def _end_tokens(subject: Subject) -> list[int]:
    config = subject.model.generation_config
    ends = config.eos_token_id if config is not None else None
    ends = ends if isinstance(ends, list) else [ends]
    return [end for end in (*ends, subject.tokenizer.eos_token_id) if end is not None]
