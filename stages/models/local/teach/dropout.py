"""Dropout before LoRA, drawn by (seed, step, layer, prefix): equal in any batches, resumable.

What a layer reads of a token is dropped by the text that ends there. So rows that open alike share
what is dropped of their opening, computed over a tree or one by one; the next layer and the next
step draw anew.

Letters: N tokens in one row, or of several rows; D numbers that a layer reads of each.
"""

import hashlib
from typing import Any

import torch

from stages.models.local.subject.counters import bits
from stages.storage.errors import StudyError

SLOTS = 4  # numbers for whose dropping 64 random bits are enough, 16 each
CHUNK = 2**20  # draws at a time


class Prefixes:
    """What a model reads now: an id (N) for each token, of the text that ends with it."""

    def __init__(self, seed: int) -> None:
        self.seed = torch.tensor(seed)
        self.step: int | None = None  # of the training; where there is none, nothing is dropped
        self.ids = self.seed[None]

    def read(self, model: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Called before each forward pass of the model."""
        tokens = named["input_ids"] if "input_ids" in named else given[0]
        places = named.get("position_ids")
        if places is None:
            seen = named.get("attention_mask")
            places = (torch.ones_like(tokens) if seen is None else seen).cumsum(-1) - 1
        rows = zip(tokens.tolist(), places.expand_as(tokens).tolist(), strict=True)
        self.ids = torch.tensor([prefix_ids(*row) for row in rows], device=tokens.device)

    def key(self, layer: int) -> torch.Tensor:
        key = bits(torch.zeros_like(self.seed), self.seed)
        for part in (self.step, layer):
            key = bits(key, torch.tensor(part))
        return key.to(self.ids.device)


def prefix_ids(tokens: list[int], positions: list[int]) -> list[int]:
    """An id for each token of a tree in one row: equal where it and all before it are equal."""
    ids, path = [], {-1: 0}
    for token, position in zip(tokens, positions, strict=True):
        before = path.get(position - 1, 0)
        digest = hashlib.blake2b(f"{before} {token}".encode(), digest_size=8).digest()
        path[position] = int.from_bytes(digest, "little", signed=True)
        ids.append(path[position])
    return ids


class Dropout(torch.nn.Module):
    """In the place of the dropout of one layer."""

    def __init__(self, share: float, layer: int, prefixes: Prefixes) -> None:
        super().__init__()
        self.dropped = round(share * 2**16)  # of 2**16
        self.layer, self.prefixes = layer, prefixes

    def forward(self, read: torch.Tensor) -> torch.Tensor:
        """Numbers (..., D) of each of the prefixes' tokens, those left made greater in turn."""
        if self.prefixes.step is None:
            return read
        ids_N = self.prefixes.ids.flatten()
        if read.shape[:-1].numel() != len(ids_N):
            raise StudyError(
                "params.yaml: finetune.lora_dropout: a layer of this model reads only some of the "
                "tokens (an expert's, say), which is not supported; use 0.0"
            )
        drop_ND = self._drawn(ids_N, read.shape[-1])
        return read.masked_fill(drop_ND.view(read.shape), 0) * (2**16 / (2**16 - self.dropped))

    def _drawn(self, ids_N: torch.Tensor, size: int) -> torch.Tensor:
        key, draws = self.prefixes.key(self.layer), -(-size // SLOTS)
        counter = torch.arange(draws, device=ids_N.device)[None]
        parts = [
            bits(bits(key, ids)[:, None], counter).view(torch.int16) < self.dropped - 2**15
            for ids in ids_N.split(max(1, CHUNK // draws))
        ]
        return torch.cat(parts)[:, :size]


def with_dropout(lora: Any, share: float, seed: int) -> Prefixes:
    """Give each LoRA layer of a peft model this dropout; the steps are told to what is returned."""
    prefixes = Prefixes(seed)
    if share:
        layers = [module for module in lora.modules() if hasattr(module, "lora_dropout")]
        for number, layer in enumerate(layers):
            layer.lora_dropout["default"] = Dropout(share, number, prefixes)
        lora.get_base_model().register_forward_pre_hook(prefixes.read, with_kwargs=True)
    return prefixes
