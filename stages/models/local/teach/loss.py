"""The loss of a training step, over the prefix tree of all its questions.

Positions restart at each branch and a token sees only its own path, so the loss and its gradients
are those of separate rows, while what rows share is computed once. The output head is applied at
label tokens only: full logits never exist.
"""

import inspect
from dataclasses import dataclass
from typing import Any

import torch

from stages.models.local.subject.attention import tree_logits
from stages.models.local.subject.layout import Tokens, lay_out
from stages.models.local.subject.plan import prefill_plan


@dataclass(frozen=True)
class Example:
    """One row of a dataset in tokens: the question, the label with its end mark, its weight."""

    prompt: Tokens
    label: Tokens
    weight: float = 1.0

    @property
    def read(self) -> Tokens:
        """What the model reads: all but the last label token, which is only predicted."""
        return self.prompt + self.label[:-1]


def label_logits(model: Any, inputs: list[list[Example]], *, shares: bool = True) -> torch.Tensor:
    """Logits (N, V) in float32 at the label tokens of all examples, in order.

    `model` is a causal language model of transformers, with or without LoRA layers in it; where
    it shares, within `prefix_attention`.
    """
    examples = [example for rows in inputs for example in rows]
    if not shares:
        return torch.cat([_alone(model, example) for example in examples])
    layout = lay_out([[example.read for example in rows] for rows in inputs])
    paths = [path for group in layout.paths for path in group]
    predicts = [
        place
        for path, example in zip(paths, examples, strict=True)
        for place in path[len(example.prompt) - 1 :]
    ]
    plan = prefill_plan(layout, model.device)
    places = torch.tensor(predicts, device=model.device)
    return tree_logits(model, layout.tokens, layout.positions, plan, places).float()


def _alone(model: Any, example: Example) -> torch.Tensor:
    ids = torch.tensor([example.read], device=model.device)
    wanted = len(example.label)
    keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
    limit = {"logits_to_keep": wanted} if keeps else {}
    logits_NV: torch.Tensor = model(ids, use_cache=False, **limit).logits[0, -wanted:]
    return logits_NV.float()


def loss_and_hits(
    model: Any, inputs: list[list[Example]], *, shares: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weighted sum of the loss over label tokens (nats), and for each example if greedy is right.

    Divided by `label_weight` of all examples of a step it is the mean loss per label token.
    """
    examples = [example for rows in inputs for example in rows]
    logits_NV = label_logits(model, inputs, shares=shares)
    device = logits_NV.device
    target_N = torch.tensor([t for e in examples for t in e.label], device=device)
    weight_N = torch.tensor([e.weight for e in examples for _ in e.label], device=device)
    loss_N = torch.nn.functional.cross_entropy(logits_NV, target_N, reduction="none")
    right = (logits_NV.argmax(-1) == target_N).split([len(e.label) for e in examples])
    return (loss_N * weight_N).sum(), torch.stack([part.all() for part in right])


def label_weight(inputs: list[list[Example]]) -> float:
    """The weight of all label tokens together."""
    return sum(example.weight * len(example.label) for rows in inputs for example in rows)
