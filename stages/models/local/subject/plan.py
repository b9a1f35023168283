"""Which token of a prefix tree sees what, and the cache of keys and values.

The tokens of one row are brought into R rows, one for each group of the layout: T queries that the
row owns, K keys on the paths of its sequences. Keys of a shared prefix are computed once and read
by every row. See the package for the letters.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from stages.models.local.subject.layout import Layout

MASKED = -1e30  # added to what is not seen; finite in float32 and bfloat16


@dataclass
class Cache:
    """Keys and values of each layer, (R, heads, columns, D), with columns left for new tokens."""

    columns: int
    layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)

    def keep(self, row_R: torch.Tensor) -> None:
        """Drop all rows but these."""
        self.layers = {n: (k[row_R], v[row_R]) for n, (k, v) in self.layers.items()}


@dataclass
class Plan:
    """Which token attends to what in one forward pass, as index tensors."""

    query_RT: torch.Tensor  # places in the row of N tokens; any place where there is no query
    row_N: torch.Tensor  # where the output of each token stands: its row ...
    column_N: torch.Tensor  # ... and its place among the row's queries
    seen_RTK: torch.Tensor  # bool
    query_position_RT: torch.Tensor
    key_position_RK: torch.Tensor
    key_RK: torch.Tensor | None = None  # prefill: places of the keys; None: they are in the cache
    new_column_N: torch.Tensor | None = None  # decoding: the cache column of each new token
    cache: Cache | None = None
    masks: dict[Any, torch.Tensor] = field(default_factory=dict)

    def queries(self, query_HND: torch.Tensor, heads: int) -> torch.Tensor:
        """Queries (R, H, G * T, D) of all rows, by the `heads` of their keys."""
        query_RHGTD = (
            query_HND.index_select(1, self.query_RT.flatten())
            .unflatten(1, self.query_RT.shape)
            .unflatten(0, (heads, -1))
            .permute(2, 0, 1, 3, 4)
        )
        return query_RHGTD.flatten(2, 3)

    def mask(
        self, rule: Callable[..., torch.Tensor], heads: int, dtype: torch.dtype
    ) -> torch.Tensor:
        """Additive mask (R, 1, heads * T, K) of what is on the path and what the rule lets see.

        `rule` is one of transformers' mask functions, of batch, head, query and key index; the
        indices are positions in the text, not columns.
        """
        if (rule, heads) not in self.masks:
            query_RT1, key_R1K = self.query_position_RT[:, :, None], self.key_position_RK[:, None]
            seen_RTK = self.seen_RTK & rule(0, 0, query_RT1, key_R1K)
            mask_RTK = torch.zeros(seen_RTK.shape, dtype=dtype, device=seen_RTK.device)
            mask_RTK.masked_fill_(~seen_RTK, MASKED)
            self.masks[rule, heads] = mask_RTK[:, None].repeat(1, 1, heads, 1)
        return self.masks[rule, heads]

    def keys_and_values(
        self, layer: int, key_HND: torch.Tensor, value_HND: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values (R, heads, K, D) of all that this pass may see.

        Raises ValueError where two attentions of a model say that they are the same layer.
        """
        width = self.seen_RTK.shape[2]
        if self.key_RK is None:
            assert self.cache is not None
            cached = self.cache.layers[layer]
            for kept_RHKD, new_HND in zip(cached, (key_HND, value_HND), strict=True):
                kept_RHKD[self.row_N, :, self.new_column_N] = new_HND.transpose(0, 1)
            return cached[0][:, :, :width], cached[1][:, :, :width]
        found = [
            x_HND.index_select(1, self.key_RK.flatten())
            .unflatten(1, self.key_RK.shape)
            .transpose(0, 1)
            for x_HND in (key_HND, value_HND)
        ]
        if self.cache is not None:
            if layer in self.cache.layers:
                raise ValueError(f"two attentions are layer {layer}")
            kept = []
            for x_RHKD in found:
                rows, heads, _, size = x_RHKD.shape
                kept_RHKD = x_RHKD.new_zeros(rows, heads, self.cache.columns, size)
                kept_RHKD[:, :, :width] = x_RHKD
                kept.append(kept_RHKD)
            self.cache.layers[layer] = (kept[0], kept[1])
        return found[0], found[1]


def prefill_plan(layout: Layout, device: torch.device, cache_columns: int | None = None) -> Plan:
    """The plan of a whole layout. A token shared by several rows is a query of the first."""
    owner: dict[int, tuple[int, int]] = {}
    queries, keys, seen = [], [], []
    for row, paths in enumerate(layout.paths):
        columns = sorted(set().union(*paths))
        column = {place: n for n, place in enumerate(columns)}
        seen_KK = torch.zeros(len(columns), len(columns), dtype=torch.bool)
        for path in paths:
            on_path = torch.tensor([column[place] for place in path])
            order = torch.ones(len(path), len(path), dtype=torch.bool).tril()
            seen_KK[on_path[:, None], on_path] |= order
        own = [place for place in columns if place not in owner] or columns[:1]
        for n, place in enumerate(own):
            owner.setdefault(place, (row, n))
        queries.append(torch.tensor(own))
        keys.append(torch.tensor(columns))
        seen.append(seen_KK[[column[place] for place in own]])
    query_RT = pad_sequence(queries, batch_first=True)
    key_RK = pad_sequence(keys, batch_first=True)
    seen_RTK = torch.zeros(len(seen), query_RT.shape[1], key_RK.shape[1], dtype=torch.bool)
    seen_RTK[:, :, 0] = True  # what pads the queries sees something: nothing at all is no number
    for row, seen_TK in enumerate(seen):
        seen_RTK[row, : seen_TK.shape[0], : seen_TK.shape[1]] = seen_TK
    position_N = torch.tensor(layout.positions)
    row_N, column_N = torch.tensor([owner[place] for place in range(len(layout.tokens))]).T
    return Plan(
        query_RT=query_RT.to(device),
        row_N=row_N.to(device),
        column_N=column_N.to(device),
        seen_RTK=seen_RTK.to(device),
        query_position_RT=position_N[query_RT].to(device),
        key_position_RK=position_N[key_RK].to(device),
        key_RK=key_RK.to(device),
        cache=None if cache_columns is None else Cache(key_RK.shape[1] + cache_columns),
    )
