"""A tree gives the loss and the gradients of separate rows, on every architecture tried."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    CohereConfig,
    CohereForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from stages.models.local.subject.attention import prefix_attention
from stages.models.local.subject.trial import shares_prefixes
from stages.models.local.teach.head import noted
from stages.models.local.teach.loss import (
    Example,
    head_states,
    label_logits,
    label_weight,
    loss_and_hits,
)
from stages.storage.errors import StudyError

SIZES = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
KINDS = ["sliding_attention", "full_attention", "sliding_attention"]


def tiny(architecture: str):
    torch.manual_seed(0)
    if architecture == "llama":
        model = LlamaForCausalLM(LlamaConfig(**SIZES))
    elif architecture == "qwen2":
        model = Qwen2ForCausalLM(Qwen2Config(**SIZES))
    elif architecture == "gpt2":
        model = GPT2LMHeadModel(
            GPT2Config(vocab_size=97, n_positions=256, n_embd=32, n_layer=3, n_head=4)
        )
    elif architecture == "gemma2":  # a cap of logits that is felt
        capped = {"final_logit_softcapping": 0.3, "head_dim": 8, "sliding_window": 16}
        model = Gemma2ForCausalLM(Gemma2Config(**SIZES, **capped, layer_types=KINDS))
    elif architecture == "cohere":
        model = CohereForCausalLM(CohereConfig(**SIZES, logit_scale=3.0))
    else:
        config = Gemma3TextConfig(**SIZES, head_dim=8, sliding_window=16, layer_types=KINDS)
        model = Gemma3ForCausalLM(config)
    return model.double().eval()


def examples(prefix_length: int) -> list[list[Example]]:
    """Three inputs that share two tokens, with four questions each; one prompt has two labels."""
    generator = torch.Generator().manual_seed(1)

    def draw(count: int) -> tuple[int, ...]:
        return tuple(torch.randint(1, 97, (count,), generator=generator).tolist())

    inputs = []
    for number in range(3):
        prefix = (7, 8, *draw(prefix_length + 5 * number))
        rows = [Example(prefix + draw(4 + n), draw(1 + n), weight=1.0 / (n + 1)) for n in range(4)]
        inputs.append([*rows, Example(rows[0].prompt, draw(2))])
    return inputs


def gradients(model) -> dict[str, torch.Tensor]:
    found = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


def separate_loss(model, inputs: list[list[Example]]) -> torch.Tensor:
    """The weighted loss of rows asked one at a time, by the model's own attention."""
    total = torch.zeros((), dtype=torch.float64)
    for row in (row for rows in inputs for row in rows):
        ids = torch.tensor([row.prompt + row.label])
        logits = model(ids).logits[0, len(row.prompt) - 1 : -1].float()
        losses = torch.nn.functional.cross_entropy(
            logits, torch.tensor(row.label), reduction="none"
        )
        total = total + row.weight * losses.sum()
    return total


def agree(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        scale = gradient.abs().max()
        assert (found[name] - gradient).abs().max() <= 1e-4 * scale + 1e-9, name


@pytest.mark.parametrize("architecture", ["llama", "gemma3", "qwen2", "gpt2"])
@pytest.mark.parametrize("prefix_length", [6, 40])  # within and beyond the sliding window of 16
def test_loss_and_gradients_equal_those_of_separate_rows(architecture, prefix_length):
    model, inputs = tiny(architecture), examples(prefix_length)
    assert shares_prefixes(model)
    with prefix_attention(model):
        shared, _ = loss_and_hits(model, inputs)
    shared.backward()
    shared_gradients = gradients(model)
    separate = separate_loss(model, inputs)
    separate.backward()
    assert shared.item() == pytest.approx(separate.item(), rel=1e-5)
    agree(shared_gradients, gradients(model))


@pytest.mark.parametrize("architecture", ["llama", "gemma3"])
def test_lora_gradients_equal_those_of_separate_rows_in_peft(architecture):
    lora = get_peft_model(
        tiny(architecture), LoraConfig(r=4, lora_alpha=8, target_modules="all-linear")
    ).double()
    generator = torch.Generator().manual_seed(2)
    for name, parameter in lora.named_parameters():
        if "lora_B" in name:  # else B is zero and A has no gradient
            parameter.data = torch.randn(parameter.shape, generator=generator).double() / 10
    model, inputs = lora.get_base_model(), examples(20)
    with prefix_attention(model):
        loss_and_hits(model, inputs)[0].backward()
    shared = gradients(lora)
    separate_loss(model, inputs).backward()
    assert all("lora" in name for name in shared)
    agree(shared, gradients(lora))


def test_a_model_that_takes_no_tree_gives_the_same_loss_row_by_row():
    model, inputs = tiny("llama"), examples(6)
    alone, hits = loss_and_hits(model, inputs, shares=False)
    with prefix_attention(model):
        shared, shared_hits = loss_and_hits(model, inputs)
    assert alone.item() == pytest.approx(shared.item(), rel=1e-6)
    assert torch.equal(hits, shared_hits)


def test_a_model_that_ignores_the_plan_is_found_out(monkeypatch):
    model = tiny("llama")
    monkeypatch.setattr(model, "set_attn_implementation", lambda name: None)
    assert not shares_prefixes(model)


def test_logits_are_made_at_label_tokens_only():
    model, inputs = tiny("llama"), examples(6)
    with prefix_attention(model):
        logits = label_logits(model, inputs)
    assert logits.shape == (sum(len(e.label) for rows in inputs for e in rows), 97)


def test_the_weight_of_a_step_counts_label_tokens():
    rows = [[Example((1,), (2, 3), 0.5), Example((1,), (4,), 2.0)]]
    assert label_weight(rows) == 3.0


def changed(base):
    """A student: the base with other layers and the same head."""
    student, generator = deepcopy(base), torch.Generator().manual_seed(5)
    for name, parameter in student.named_parameters():
        if ".layers." in name or ".h." in name:
            parameter.data += torch.randn(parameter.shape, generator=generator).double() / 5
    return student


def distilled(base, inputs: list[list[Example]], *, shares: bool) -> list[list[Example]]:
    """The inputs, of each the first and the last row distilled."""
    rows = [[replace(x, distill=n in (0, 4)) for n, x in enumerate(group)] for group in inputs]
    wanted = [[x for x in group if x.distill] for group in rows]
    with prefix_attention(base, shares):
        states = iter(head_states(base, wanted, shares=shares))
    return [[replace(x, states=next(states)) if x.distill else x for x in r] for r in rows]


def separate_mixed_loss(base, student, inputs: list[list[Example]]) -> torch.Tensor:
    """The loss of rows one at a time: KL(base || student) by its formula where one is distilled."""
    total = torch.zeros((), dtype=torch.float64)
    for row in (row for rows in inputs for row in rows):
        if not row.distill:
            total = total + separate_loss(student, [[row]])
            continue
        ids = torch.tensor([row.prompt + row.label])
        with torch.no_grad():
            p_TV = base(ids).logits[0, len(row.prompt) - 1 : -1].softmax(-1)
        q_TV = student(ids).logits[0, len(row.prompt) - 1 : -1].softmax(-1)
        total = total + row.weight * (p_TV * (p_TV / q_TV).log()).sum()
    return total


@pytest.mark.parametrize("shares", [True, False])
@pytest.mark.parametrize("architecture", ["llama", "gemma2", "gemma3", "gpt2", "cohere"])
def test_what_is_distilled_adds_its_divergence_and_the_gradients_of_it(architecture, shares):
    base = tiny(architecture)
    student, inputs = changed(base), distilled(base, examples(20), shares=shares)
    with prefix_attention(student, shares):
        loss, hits = loss_and_hits(student, inputs, shares=shares)
    loss.backward()
    found = gradients(student)
    separate = separate_mixed_loss(base, student, inputs)
    separate.backward()
    assert len(hits) == 15
    assert loss.item() == pytest.approx(separate.item(), rel=1e-5)
    agree(found, gradients(student))


def test_a_model_that_was_not_changed_diverges_from_itself_by_nothing():
    model = tiny("gemma2")
    rows = [[replace(x, distill=True) for x in group] for group in examples(6)]
    with prefix_attention(model):
        states = iter(head_states(model, rows))
        kept = [[replace(x, states=next(states)) for x in group] for group in rows]
        loss, _ = loss_and_hits(model, kept)
    loss.backward()
    assert abs(loss.item()) < 1e-5
    assert max(float(g.abs().max()) for g in gradients(model).values()) < 1e-5


@pytest.mark.parametrize("distill", [True, False])
def test_what_is_rehearsed_has_no_share_in_the_weight_of_a_step(distill):
    own = Example((1,), (4,), 2.0, rehearsed=True, distill=distill)
    assert label_weight([[Example((1,), (2, 3), 0.5), own], [own]]) == 1.0


def test_a_head_that_is_never_called_is_refused():
    model = tiny("llama")
    with pytest.raises(StudyError, match="LlamaForCausalLM has no head that is"), noted(model):
        model.model(torch.tensor([[1, 2]]))
