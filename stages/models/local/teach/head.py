"""What a model's head reads, noted or read once more beside what it reads now.

LoRA never teaches the head (`linear_layers`). So what it makes of states that M had are M's own
logits, with all that the model does to logits: caps, scales. States are a thousandth of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from stages.storage.errors import StudyError


@contextmanager
def noted(model: Any) -> Iterator[list[torch.Tensor]]:
    """Within the block, a list of the states (T, D) that the head gets in each call of `model`.

    It is given the first of them alone: logits are not what the call is made for.
    """
    read: list[torch.Tensor] = []

    def note(head: Any, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        states, *others = given
        read.append(states.detach().flatten(0, -2))
        return states[..., :1, :], *others

    with _before_head(model, note):
        yield read
    if not read:
        raise StudyError(
            f"finetune.rehearse: distill: {type(model).__name__} has no head that is called as a "
            "layer of its own; use answers"
        )


@contextmanager
def beside(model: Any, states_QD: torch.Tensor | None) -> Iterator[None]:
    """Within the block, the head reads these states after the last of each call of `model`."""
    if states_QD is None:
        yield
        return

    def join(head: Any, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        read, *others = given
        more = states_QD.to(read).expand(*read.shape[:-2], -1, -1)
        return torch.cat([read, more], -2), *others

    with _before_head(model, join):
        yield


@contextmanager
def _before_head(model: Any, hook: Any) -> Iterator[None]:
    handle = model.get_output_embeddings().register_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()
