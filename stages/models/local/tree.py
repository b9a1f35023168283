"""One training sequence per input: a shared prefix and a branch for every question on it.

Positions restart at each branch and a token sees only the prefix and its own branch, so the
loss and its gradients are those of separate rows, while the prefix is computed once.
"""

from dataclasses import dataclass
from typing import Any

import torch

PAD_BRANCH = -1


@dataclass(frozen=True)
class Example:
    """One row of a dataset in tokens: the question, the label with its end mark, its weight."""

    prompt: tuple[int, ...]
    label: tuple[int, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Tree:
    """The examples of one input laid out in one sequence of T tokens."""

    tokens: list[int]
    positions: list[int]
    branches: list[int]  # 0 for the prefix, 1.. for the branches
    predicts: list[int]  # where a label token is predicted: index of the token before it
    targets: list[int]  # the label tokens, in the same order
    owners: list[int]  # the example that each label token belongs to
    weights: list[float]  # of each example

    def __len__(self) -> int:
        return len(self.tokens)


def lay_out(examples: list[Example]) -> Tree:
    """A tree of the examples of one input; the prefix is what all their prompts share."""
    shortest = min(examples, key=lambda e: len(e.prompt)).prompt
    shared = len(shortest) - 1
    for example in examples:
        same = zip(shortest[:shared], example.prompt, strict=False)
        shared = next((n for n, (a, b) in enumerate(same) if a != b), shared)
    tree = Tree(list(shortest[:shared]), list(range(shared)), [0] * shared, [], [], [], [])
    for owner, example in enumerate(examples):
        branch = (*example.prompt[shared:], *example.label[:-1])
        start = len(tree.tokens) + len(example.prompt) - shared - 1
        tree.predicts.extend(range(start, start + len(example.label)))
        tree.targets.extend(example.label)
        tree.owners.extend([owner] * len(example.label))
        tree.weights.append(example.weight)
        tree.tokens.extend(branch)
        tree.positions.extend(range(shared, shared + len(branch)))
        tree.branches.extend([owner + 1] * len(branch))
    return tree


def attention_mask(
    branch_BT: torch.Tensor, position_BT: torch.Tensor, window: int | None = None
) -> torch.Tensor:
    """Additive float mask (B, 1, T, T): a token sees the prefix and its own branch, up to itself.

    With `window`, only the last `window` positions (a sliding-window layer). A padding token
    sees itself, since a row that sees nothing is not a number.
    """
    size = branch_BT.shape[1]
    order_TT = torch.ones(size, size, dtype=torch.bool, device=branch_BT.device).tril()
    query_B1, key_B1 = branch_BT[:, :, None], branch_BT[:, None, :]
    seen_BTT = order_TT & ((key_B1 == query_B1) | (key_B1 == 0)) & (query_B1 != PAD_BRANCH)
    if window is not None:
        seen_BTT &= position_BT[:, :, None] - position_BT[:, None, :] < window
    seen_BTT |= torch.eye(size, dtype=torch.bool, device=branch_BT.device)
    mask_BTT = torch.zeros(seen_BTT.shape, device=branch_BT.device)
    return mask_BTT.masked_fill_(~seen_BTT, torch.finfo(torch.float32).min)[:, None]


def label_logits(model: Any, trees: list[Tree]) -> torch.Tensor:
    """Logits (N, V) in float32 at the label tokens of all trees, in order.

    `model` is a causal language model of transformers, with or without LoRA layers in it. The
    output head is applied to these N positions only: full logits never exist.
    """
    width, device = max(map(len, trees)), model.device

    def padded(rows: list[list[int]], fill: int) -> torch.Tensor:
        return torch.tensor([r + [fill] * (width - len(r)) for r in rows], device=device)

    token_BT = padded([t.tokens for t in trees], 0)
    position_BT = padded([t.positions for t in trees], 0)
    branch_BT = padded([t.branches for t in trees], PAD_BRANCH)
    mask: Any = attention_mask(branch_BT, position_BT).to(model.dtype)
    window = getattr(model.config, "sliding_window", None)
    if "sliding_attention" in (getattr(model.config, "layer_types", None) or []):
        sliding = attention_mask(branch_BT, position_BT, window).to(model.dtype)
        mask = {"full_attention": mask, "sliding_attention": sliding}
    hidden_BTH = model.base_model(
        input_ids=token_BT, attention_mask=mask, position_ids=position_BT, use_cache=False
    ).last_hidden_state
    rows = [b for b, tree in enumerate(trees) for _ in tree.predicts]
    columns = [n for tree in trees for n in tree.predicts]
    logits_NV = model.get_output_embeddings()(hidden_BTH[rows, columns]).float()
    cap = getattr(model.config, "final_logit_softcapping", None)
    return logits_NV if cap is None else torch.tanh(logits_NV / cap) * cap


def loss_and_hits(model: Any, trees: list[Tree]) -> tuple[torch.Tensor, list[bool]]:
    """Mean weighted loss per label token (nats), and for each example whether greedy is right."""
    logits_NV = label_logits(model, trees)
    target_N = torch.tensor([t for tree in trees for t in tree.targets], device=logits_NV.device)
    weight_N = torch.tensor(
        [tree.weights[o] for tree in trees for o in tree.owners], device=logits_NV.device
    )
    loss_N = torch.nn.functional.cross_entropy(logits_NV, target_N, reduction="none")
    right_N = (logits_NV.argmax(-1) == target_N).tolist()
    hits, at = [], 0
    for tree in trees:
        wrong = {o for o, ok in zip(tree.owners, right_N[at:], strict=False) if not ok}
        hits.extend(o not in wrong for o in range(len(tree.weights)))
        at += len(tree.owners)
    return (loss_N * weight_N).sum() / weight_N.sum(), hits
