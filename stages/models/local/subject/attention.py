"""Attention over a prefix tree, for any model of transformers that takes an attention function.

The linear layers see one row of N tokens without padding; only here the tokens are brought into
the rows of a plan. See the package for the letters.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from stages.models.local.subject.plan import Plan

NAME = "prefix_tree"


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: Callable[..., torch.Tensor] | None,
    *,
    plan: Plan,
    scaling: float | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    is_causal: bool | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    position_ids: torch.Tensor | None = None,
    use_cache: bool | None = None,
    output_router_logits: bool | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """The attention function given to transformers: (1, heads, N, D) in, (1, N, heads, D) out.

    `softcap` bounds the scores by a tanh (Gemma 2, arXiv 2408.00118, section 2), `s_aux` has a
    score for each head that takes a share of the weights and no value (gpt-oss). Windows and
    positions are in the mask. Raises ValueError for an argument that is not known here: a model
    that computes by it what is not computed here does not share.
    """
    del sliding_window, position_ids, use_cache, output_router_logits
    if unknown := [name for name, told in others.items() if told is not None and told is not False]:
        raise ValueError(f"attention by {unknown} is not shared")
    if attention_mask is None or dropout or is_causal is False:
        raise ValueError("attention without a causal mask of transformers' is not shared")
    key_RHKD, value_RHKD = plan.keys_and_values(module.layer_idx, key[0], value[0])
    heads = key_RHKD.shape[1]
    grouped = query.shape[1] // heads
    query_RHQD = plan.queries(query[0], heads)
    mask_R1QK = plan.mask(attention_mask, grouped, query.dtype)
    if softcap is None and s_aux is None:
        out_RHQD = torch.nn.functional.scaled_dot_product_attention(
            query_RHQD, key_RHKD, value_RHKD, attn_mask=mask_R1QK, scale=scaling
        )
    else:
        sink_HG = None if s_aux is None else s_aux.view(heads, grouped)
        out_RHQD = _by_scores(
            query_RHQD, key_RHKD, value_RHKD, mask_R1QK, scaling, softcap, sink_HG
        )
    out_RTHGD = out_RHQD.unflatten(2, (grouped, -1)).permute(0, 3, 1, 2, 4)
    return out_RTHGD[plan.row_N, plan.column_N].flatten(1, 2)[None], None


def _by_scores(
    query_RHQD: torch.Tensor,
    key_RHKD: torch.Tensor,
    value_RHKD: torch.Tensor,
    mask_R1QK: torch.Tensor,
    scaling: float | None,
    softcap: float | None,
    sink_HG: torch.Tensor | None,
) -> torch.Tensor:
    """Attention (R, H, Q, D) whose scores are made one by one, for caps and sinks."""
    scale = query_RHQD.shape[-1] ** -0.5 if scaling is None else scaling
    scores_RHQK = query_RHQD @ key_RHKD.transpose(2, 3) * scale
    if softcap is not None:
        scores_RHQK = (scores_RHQK / softcap).tanh() * softcap
    scores_RHQK = scores_RHQK + mask_R1QK
    if sink_HG is not None:
        queries = scores_RHQK.shape[2] // sink_HG.shape[1]
        sink_HQ1 = sink_HG.repeat_interleave(queries, 1)[:, :, None].to(scores_RHQK)
        sink_RHQ1 = sink_HQ1.expand(len(scores_RHQK), -1, -1, -1)
        scores_RHQK = torch.cat([scores_RHQK, sink_RHQ1], -1)
    weights_RHQK = scores_RHQK.float().softmax(-1)[..., : key_RHKD.shape[2]]
    return weights_RHQK.to(value_RHKD) @ value_RHKD


def seen_by(
    *, mask_function: Callable[..., torch.Tensor], use_vmap: bool = False, **_: Any
) -> Callable[..., torch.Tensor]:
    """The mask function given to transformers: a layer's rule of who sees whom, by positions.

    The rule itself is what `attend` is given as mask, and the plan draws it: whatever windows or
    chunks a model has, they are its own.
    """
    if use_vmap:  # what the model adds to its masks itself may not be one of positions
        raise ValueError("attention with a mask of the model's own is not shared")
    return mask_function


@contextmanager
def prefix_attention(model: Any, shares: bool = True) -> Iterator[None]:
    """Within the block, `model` attends by the `plan` that each call is given.

    Nothing changes for a model that does not share (`shares_prefixes`).
    """
    if not shares:
        yield
        return
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, seen_by)
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
        attention_mask=torch.ones(1, len(tokens), dtype=torch.bool, device=model.device),
        position_ids=torch.tensor([positions], device=model.device),
        use_cache=False,
        logits_to_keep=places,
        plan=plan,
    ).logits[0]
    return logits_PV
