"""Attention over a prefix tree, for any model of transformers that takes an attention function.

The linear layers see one row of N tokens without padding; only here the tokens are brought into
the rows of a plan. See the package for the letters.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from stages.models.local.subject.budget import is_out_of_memory
from stages.models.local.subject.layout import lay_out
from stages.models.local.subject.plan import Plan, prefill_plan

NAME = "prefix_tree"


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    plan: Plan,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """The attention function given to transformers: (1, heads, N, D) in, (1, N, heads, D) out."""
    if softcap is not None or s_aux is not None:
        raise ValueError("attention with soft-capped scores or sinks is not shared")
    key_RHKD, value_RHKD = plan.keys_and_values(module.layer_idx, key[0], value[0])
    heads = key_RHKD.shape[1]
    grouped = query.shape[1] // heads
    query_RHGTD = (
        query[0]
        .index_select(1, plan.query_RT.flatten())
        .unflatten(1, plan.query_RT.shape)
        .unflatten(0, (heads, grouped))
        .permute(2, 0, 1, 3, 4)
    )
    out_RHQD = torch.nn.functional.scaled_dot_product_attention(
        query_RHGTD.flatten(2, 3),
        key_RHKD,
        value_RHKD,
        attn_mask=plan.mask(sliding_window, grouped, query.dtype),
        scale=scaling,
    )
    out_RTHGD = out_RHQD.unflatten(2, (grouped, -1)).permute(0, 3, 1, 2, 4)
    return out_RTHGD[plan.row_N, plan.column_N].flatten(1, 2)[None], None


@contextmanager
def prefix_attention(model: Any, shares: bool = True) -> Iterator[None]:
    """Within the block, `model` attends by the `plan` that each call is given.

    Nothing changes for a model that does not share (`shares_prefixes`).
    """
    if not shares:
        yield
        return
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)
    before = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def tree_logits(
    model: Any, tokens: list[int], positions: list[int], plan: Plan, places: torch.Tensor
) -> torch.Tensor:
    """Logits (places, V) after the tokens at `places`; the output head sees no other token."""
    logits_PV: torch.Tensor = model(
        input_ids=torch.tensor([tokens], device=model.device),
        position_ids=torch.tensor([positions], device=model.device),
        use_cache=False,
        logits_to_keep=places,
        plan=plan,
    ).logits[0]
    return logits_PV


@torch.inference_mode()
def shares_prefixes(model: Any) -> bool:
    """Whether `model` computes over a tree what it computes over plain rows; tried, not assumed.

    What a short trial does not show is refused: attention in chunks, positions that turn otherwise
    in long texts.
    """
    kinds = {str(getattr(module, "rope_type", "")) for module in model.modules()}
    chunks = getattr(model.config.get_text_config(), "attention_chunk_size", None)
    if chunks or any(kind in found for found in kinds for kind in ("dynamic", "longrope")):
        return False
    rows = [(5, 6, 7, 8, 9), (5, 6, 7, 4, 3, 2), (5, 2)]
    layout = lay_out([rows[:2], rows[2:]])
    lasts = [path[-1] for paths in layout.paths for path in paths]
    try:
        with prefix_attention(model):
            plan = prefill_plan(layout, model.device)
            places = torch.tensor(lasts, device=model.device)
            shared = tree_logits(model, layout.tokens, layout.positions, plan, places)
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        return False
    alone = [model(torch.tensor([row], device=model.device)).logits[0, -1] for row in rows]
    return torch.allclose(shared.float(), torch.stack(alone).float(), rtol=1e-3, atol=1e-3)
