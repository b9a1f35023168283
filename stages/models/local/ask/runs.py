"""Running a model over branches together, on a prefix tree.

A model whose attention takes none is run by `generate` (subject/generation); both give the same
logits.
"""

from typing import Any

import torch

from stages.models.local.subject.attention import tree_logits
from stages.models.local.subject.generation import Advance
from stages.models.local.subject.layout import Tokens, lay_out
from stages.models.local.subject.plan import Plan, prefill_plan

COMPACT = 0.7  # finished rows leave the cache when at most this share of it is still needed


class TreeRun:
    """Branches of several groups, prefilled and decoded together from one cache.

    Decoding step t of the branch in slot s of its row writes cache column K + t * slots + s.
    """

    def __init__(self, model: Any, groups: list[list[Tokens]], max_tokens: int) -> None:
        self.model, self.device = model, model.device
        self.slots, self.max_tokens = max(map(len, groups)), max_tokens
        self.lengths = [len(tokens) for group in groups for tokens in group]
        self.row_of = [row for row, group in enumerate(groups) for _ in group]
        self.slot_of = [slot for group in groups for slot, _ in enumerate(group)]
        self.layout = lay_out(groups)
        self.rows = list(range(len(groups)))  # those still in the cache
        self.steps = 0

    def run(self, advance: Advance) -> None:
        """Hand `advance` the logits after each branch, and again after each token it says."""
        said = advance(self.first(), list(range(len(self.lengths))))
        while said:
            said = advance(self.step(list(said), list(said.values())), list(said))

    def first(self) -> torch.Tensor:
        """Logits (B, V) after each branch, in the order of the groups."""
        layout, device = self.layout, self.device
        plan = prefill_plan(layout, device, self.slots * self.max_tokens)
        lasts = [path[-1] for paths in layout.paths for path in paths]
        places = sorted(set(lasts))
        logits_PV = tree_logits(
            self.model, layout.tokens, layout.positions, plan, torch.tensor(places, device=device)
        )
        self._plan_steps(plan)
        at = {place: n for n, place in enumerate(places)}
        return logits_PV[torch.tensor([at[place] for place in lasts], device=device)]

    def _plan_steps(self, plan: Plan) -> None:
        """What each slot sees in each step, and the text position of each cache column."""
        assert plan.key_RK is not None and plan.cache is not None
        rows, width = plan.key_RK.shape
        self.width, self.cache, columns = width, plan.cache, plan.cache.columns
        seen_RTK = torch.zeros(rows, self.slots, columns, dtype=torch.bool)
        position_RK = torch.zeros(rows, columns, dtype=torch.long)
        position_RK[:, :width] = plan.key_position_RK.cpu()
        seen_RTK[:, :, 0] = True
        key_RK = plan.key_RK.tolist()
        new = torch.arange(width, columns).unflatten(0, (-1, self.slots))
        branches = iter(self.lengths)
        for row, paths in enumerate(self.layout.paths):
            column = {place: n for n, place in reversed(list(enumerate(key_RK[row])))}
            for slot, path in enumerate(paths):
                seen_RTK[row, slot] = False
                seen_RTK[row, slot, [column[place] for place in path]] = True
                seen_RTK[row, slot, new[:, slot]] = True
                position_RK[row, new[:, slot]] = next(branches) + torch.arange(len(new))
        self.seen_RTK, self.position_RK = seen_RTK.to(self.device), position_RK.to(self.device)

    def step(self, live: list[int], tokens: list[int]) -> torch.Tensor:
        """Logits (live, V) after one more token on each branch that is still live."""
        self._compact(live)
        row_at = {row: n for n, row in enumerate(self.rows)}
        row_N = torch.tensor([row_at[self.row_of[b]] for b in live], device=self.device)
        slot_N = torch.tensor([self.slot_of[b] for b in live], device=self.device)
        start = self.width + self.steps * self.slots
        seen = start + self.slots
        positions = [self.lengths[b] + self.steps for b in live]
        query_RT = torch.zeros(len(self.rows), self.slots, dtype=torch.long, device=self.device)
        query_RT[row_N, slot_N] = torch.arange(len(live), device=self.device)
        plan = Plan(
            query_RT,
            row_N,
            slot_N,
            self.seen_RTK[:, :, :seen],
            self.position_RK[:, start:seen],
            self.position_RK[:, :seen],
            new_column_N=start + slot_N,
            cache=self.cache,
        )
        self.steps += 1
        every = torch.arange(len(live), device=self.device)
        return tree_logits(self.model, tokens, positions, plan, every)

    def _compact(self, live: list[int]) -> None:
        needed = {self.row_of[branch] for branch in live}
        if len(needed) > COMPACT * len(self.rows):
            return
        kept = [n for n, row in enumerate(self.rows) if row in needed]
        row_R = torch.tensor(kept, device=self.device)
        self.rows = [self.rows[n] for n in kept]
        self.cache.keep(row_R)
        self.seen_RTK, self.position_RK = self.seen_RTK[row_R], self.position_RK[row_R]
