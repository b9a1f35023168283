"""The loss of a training step, over the prefix tree of all its questions.

Positions restart at each branch and a token sees only its own path, so the loss and its gradients
are those of separate rows, while what rows share is computed once. The output head is applied at
label tokens only: full logits never exist.

Letters: N label tokens of all examples, Q of those that are distilled; V tokens that there are, D
numbers that the head reads.
"""

import inspect
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import functional

from stages.models.local.subject.attention import tree_logits
from stages.models.local.subject.layout import Tokens, lay_out
from stages.models.local.subject.plan import prefill_plan
from stages.models.local.teach.head import beside, noted


@dataclass(frozen=True)
class Example:
    """One row of a dataset in tokens: the question, the label with its end mark, its weight.

    Rehearsed are the answers of the model that is taught, M. Where they are distilled, not the
    label's tokens are taught but what M says at them, of which `states` (label tokens, D) is what
    its head reads there (`head_states`).
    """

    prompt: Tokens
    label: Tokens
    weight: float = 1.0
    rehearsed: bool = False
    distill: bool = False
    states: torch.Tensor | None = field(default=None, compare=False, repr=False)

    @property
    def read(self) -> Tokens:
        """What the model reads: all but the last label token, which is only predicted."""
        return self.prompt + self.label[:-1]


def label_logits(model: Any, inputs: list[list[Example]], *, shares: bool = True) -> torch.Tensor:
    """Logits (N + Q, V) in float32 at the label tokens of all examples, in order; then M's own.

    `model` is a causal language model of transformers, with or without LoRA layers in it; where
    it shares, within `prefix_attention`.
    """
    examples = [example for rows in inputs for example in rows]
    if not shares:
        alone = [_alone(model, example) for example in examples]
        return torch.cat([own for own, _ in alone] + [kept for _, kept in alone])
    layout = lay_out([[example.read for example in rows] for rows in inputs])
    paths = [path for group in layout.paths for path in group]
    predicts = [
        place
        for path, example in zip(paths, examples, strict=True)
        for place in path[len(example.prompt) - 1 :]
    ]
    plan = prefill_plan(layout, model.device)
    places = torch.tensor(predicts, device=model.device)
    states = [example.states for example in examples if example.states is not None]
    with beside(model, torch.cat(states) if states else None):
        return tree_logits(model, layout.tokens, layout.positions, plan, places).float()


def _alone(model: Any, example: Example) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits of one row, and M's: none where it is not distilled."""
    ids = torch.tensor([example.read], device=model.device)
    wanted = len(example.label)
    keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
    limit = {"logits_to_keep": wanted} if keeps else {}
    with beside(model, example.states):
        logits_TV: torch.Tensor = model(ids, use_cache=False, **limit).logits[0].float()
    end = len(logits_TV) - (0 if example.states is None else wanted)
    return logits_TV[end - wanted : end], logits_TV[end:]


@torch.no_grad()
def head_states(
    model: Any, inputs: list[list[Example]], *, shares: bool = True
) -> list[torch.Tensor]:
    """What the head reads (label tokens, D) at the label of each example, in order.

    `model` is M, before anything is taught; as in `label_logits`.
    """
    sizes = [len(example.label) for rows in inputs for example in rows]
    with noted(model) as read:
        label_logits(model, inputs, shares=shares)
    if shares:
        return list(torch.cat(read).split(sizes))
    return [states_TD[-size:] for states_TD, size in zip(read, sizes, strict=True)]


def loss_and_hits(
    model: Any, inputs: list[list[Example]], *, shares: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weighted sum of the loss over label tokens (nats), and for each example if greedy is right.

    The loss is the cross-entropy of a label's token, or KL(M || model) over all tokens at those
    that are distilled. Divided by `label_weight` of all examples of a step it is the mean loss per
    label token, to which the rehearsed ones add their sum: so more of them count more.
    """
    examples = [example for rows in inputs for example in rows]
    logits_NV = label_logits(model, inputs, shares=shares)
    device = logits_NV.device
    target_N = torch.tensor([t for e in examples for t in e.label], device=device)
    weight_N = torch.tensor([e.weight for e in examples for _ in e.label], device=device)
    kept_QV, logits_NV = logits_NV[len(target_N) :].detach(), logits_NV[: len(target_N)]
    said_NV = logits_NV.log_softmax(-1)
    loss_N = functional.nll_loss(said_NV, target_N, reduction="none")
    if len(kept_QV):
        distilled = [e.states is not None for e in examples for _ in e.label]
        place_Q = torch.tensor(distilled, device=device).nonzero()[:, 0]
        loss_N = loss_N.index_copy(
            0, place_Q, _divergence(kept_QV, said_NV.index_select(0, place_Q))
        )
    right = (logits_NV.argmax(-1) == target_N).split([len(e.label) for e in examples])
    return (loss_N * weight_N).sum(), torch.stack([part.all() for part in right])


def _divergence(kept_QV: torch.Tensor, said_QV: torch.Tensor) -> torch.Tensor:
    """KL (Q) of M, whose logits are kept, to a student of these log probabilities."""
    loss_QV = functional.kl_div(said_QV, kept_QV.log_softmax(-1), log_target=True, reduction="none")
    return loss_QV.sum(-1)


def label_weight(inputs: list[list[Example]]) -> float:
    """The weight of all label tokens together, but those of what is rehearsed.

    So what a question's label counts in a step does not hang on how much is rehearsed beside it.
    """
    return sum(
        example.weight * len(example.label)
        for rows in inputs
        for example in rows
        if not example.rehearsed
    )
