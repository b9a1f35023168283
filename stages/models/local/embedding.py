"""What a local model makes of a prompt before it answers: its mean last hidden state.

It stands outside of `ask` and `subject`, as no answer depends on it. Letters of shapes: N tokens of
a prefix tree, D the width of the model.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from stages.models.local.subject.attention import prefix_attention
from stages.models.local.subject.budget import token_budget
from stages.models.local.subject.layout import Tokens, lay_out
from stages.models.local.subject.loading import Subject
from stages.models.local.subject.plan import prefill_plan
from stages.storage.errors import StudyError

LARGEST = torch.finfo(torch.float16).max


@torch.inference_mode()
def embedded(subject: Subject, prompts: Sequence[Tokens]) -> list[list[float]]:
    """The mean over a prompt's tokens of the last hidden state, of each prompt in their order.

    Numbers are rounded to float16, so that how prompts were put together shows in few of them.
    Empty where the model gives no hidden states. Raises StudyError where one is not finite.
    """
    found: dict[int, list[float]] = {}
    cuda = subject.device.type == "cuda"
    with (
        prefix_attention(subject.model, subject.shares),
        torch.autocast("cuda", torch.bfloat16, cuda),
    ):
        for numbers in _batches(prompts, token_budget(subject.model), subject.shares):
            own = [prompts[n] for n in numbers]
            states = _over_tree(subject, own) if subject.shares else _over_rows(subject, own)
            if states is None:
                return []
            for n, mean_D in zip(numbers, states, strict=True):
                found[n] = _rounded(subject, mean_D)
    return [found[n] for n in range(len(prompts))]


def _batches(prompts: Sequence[Tokens], budget: int, shares: bool) -> Iterator[list[int]]:
    """Which prompts are computed together: as many as the budget holds, those alike side by side.

    Without a tree those of one length, so that nothing is padded.
    """
    order = sorted(range(len(prompts)), key=lambda n: (not shares and len(prompts[n]), prompts[n]))
    batch: list[int] = []
    for n in order:
        full = batch and sum(len(prompts[m]) for m in batch) + len(prompts[n]) > budget
        unlike = batch and not shares and len(prompts[n]) != len(prompts[batch[0]])
        if full or unlike:
            yield batch
            batch = []
        batch.append(n)
    if batch:
        yield batch


def _over_tree(subject: Subject, prompts: list[Tokens]) -> list[torch.Tensor] | None:
    layout = lay_out([[prompt] for prompt in prompts])
    device = subject.device
    state_ND = _last_hidden(
        subject.model,
        input_ids=torch.tensor([layout.tokens], device=device),
        attention_mask=torch.ones(1, len(layout.tokens), dtype=torch.bool, device=device),
        position_ids=torch.tensor([layout.positions], device=device),
        plan=prefill_plan(layout, device),
    )
    if state_ND is None:
        return None
    return [state_ND[0][torch.tensor(path, device=device)].mean(0) for (path,) in layout.paths]


def _over_rows(subject: Subject, prompts: list[Tokens]) -> list[torch.Tensor] | None:
    state_BND = _last_hidden(subject.model, input_ids=torch.tensor(prompts, device=subject.device))
    return None if state_BND is None else list(state_BND.mean(1))


def _last_hidden(model: Any, **inputs: Any) -> torch.Tensor | None:
    """What the output head would read of every token; the head itself computes nothing."""
    told = model.base_model(**inputs, use_cache=False)
    state = getattr(told, "last_hidden_state", None)
    return None if state is None else state.float()


def _rounded(subject: Subject, mean_D: torch.Tensor) -> list[float]:
    if not mean_D.isfinite().all():
        raise StudyError(
            f"{subject.name}: its hidden state on a prompt is not finite: its weights are damaged "
            "or too large; fetch it again"
        )
    values: list[float] = mean_D.clamp(-LARGEST, LARGEST).half().float().tolist()
    return values
