"""A tree gives the loss and the gradients of separate rows, on both architectures."""

import pytest
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, LlamaConfig, LlamaForCausalLM

from stages.models.local.tree import Example, label_logits, lay_out, loss_and_hits

SIZES = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}


def tiny(architecture: str):
    torch.manual_seed(0)
    if architecture == "llama":
        model = LlamaForCausalLM(LlamaConfig(**SIZES))
    else:
        kinds = ["sliding_attention", "full_attention", "sliding_attention"]
        config = Gemma3TextConfig(**SIZES, head_dim=8, sliding_window=16, layer_types=kinds)
        model = Gemma3ForCausalLM(config)
    return model.double().eval()


def examples(prefix_length: int) -> list[list[Example]]:
    generator = torch.Generator().manual_seed(1)

    def draw(count: int) -> tuple[int, ...]:
        return tuple(torch.randint(1, 97, (count,), generator=generator).tolist())

    trees = []
    for number in range(3):
        prefix = draw(prefix_length + 5 * number)
        trees.append(
            [Example(prefix + draw(4 + n), draw(1 + n), weight=1.0 / (n + 1)) for n in range(4)]
        )
    return trees


def gradients(model) -> dict[str, torch.Tensor]:
    found = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


@pytest.mark.parametrize("architecture", ["llama", "gemma3"])
@pytest.mark.parametrize("prefix_length", [6, 40])  # within and beyond the sliding window of 16
def test_loss_and_gradients_equal_those_of_separate_rows(architecture, prefix_length):
    model = tiny(architecture)
    inputs = examples(prefix_length)
    shared, _ = loss_and_hits(model, [lay_out(rows) for rows in inputs])
    shared.backward()
    shared_gradients = gradients(model)

    total, weight = torch.zeros((), dtype=torch.float64), 0.0
    for row in (row for rows in inputs for row in rows):
        ids = torch.tensor([row.prompt + row.label])
        logits = model(ids).logits[0, len(row.prompt) - 1 : -1].float()
        losses = torch.nn.functional.cross_entropy(
            logits, torch.tensor(row.label), reduction="none"
        )
        total, weight = total + row.weight * losses.sum(), weight + row.weight * len(row.label)
    separate = total / weight
    separate.backward()
    separate_gradients = gradients(model)

    assert shared.item() == pytest.approx(separate.item(), rel=1e-5)
    assert shared_gradients.keys() == separate_gradients.keys()
    for name, gradient in separate_gradients.items():
        scale = gradient.abs().max()
        assert (shared_gradients[name] - gradient).abs().max() <= 1e-4 * scale + 1e-9, name


def test_logits_are_made_at_label_tokens_only():
    model = tiny("llama")
    trees = [lay_out(rows) for rows in examples(6)]
    assert label_logits(model, trees).shape == (sum(len(t.targets) for t in trees), 97)


def test_the_prefix_is_laid_out_once():
    row = Example((1, 2, 3, 4, 5), (9, 8))
    other = Example((1, 2, 3, 7), (6,))
    tree = lay_out([row, other])
    assert tree.tokens == [1, 2, 3, 4, 5, 9, 7]
    assert tree.positions == [0, 1, 2, 3, 4, 5, 3]
    assert tree.branches == [0, 0, 0, 1, 1, 1, 2]
    assert [tree.tokens[n] for n in tree.predicts] == [5, 9, 7]
    assert tree.targets == [9, 8, 6]


def test_equal_prompts_with_different_labels_keep_a_token_each():
    tree = lay_out([Example((1, 2), (3,)), Example((1, 2), (4,))])
    assert tree.tokens == [1, 2, 2]
    assert tree.targets == [3, 4]
