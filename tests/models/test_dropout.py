"""Dropout is decided by seed, step, layer and text: not by batches, and again after a kill."""

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from stages.models.local.subject.attention import prefix_attention
from stages.models.local.teach.dropout import Dropout, Prefixes, prefix_ids, with_dropout
from stages.models.local.teach.loss import Example, loss_and_hits
from stages.storage.errors import StudyError

PROMPTS = [(5, 6, 7, 8), (5, 6, 7, 8, 9, 4), (5, 6, 2), (3, 6, 7, 8)]
INPUTS = [[Example(PROMPTS[0], (11, 12)), Example(PROMPTS[1], (13,))]]
INPUTS += [[Example(PROMPTS[2], (11,))], [Example(PROMPTS[3], (12, 12))]]


def taught(share: float = 0.25, seed: int = 3):
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=40,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
    )
    model = LlamaForCausalLM(config).double().eval()
    laid = LoraConfig(r=4, lora_alpha=8, lora_dropout=share, target_modules=["q_proj", "up_proj"])
    lora = get_peft_model(model, laid, autocast_adapter_dtype=False).double()
    for name, parameter in lora.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return lora, with_dropout(lora, share, seed)


def losses(lora, inputs, *, shares: bool) -> float:
    with prefix_attention(lora.get_base_model(), shares):
        return loss_and_hits(lora.get_base_model(), inputs, shares=shares)[0].item()


def test_a_tree_drops_what_separate_rows_and_other_batches_drop():
    lora, prefixes = taught()
    prefixes.step = 7
    shared = losses(lora, INPUTS, shares=True)
    assert losses(lora, INPUTS, shares=False) == pytest.approx(shared, rel=1e-6)
    assert sum(losses(lora, [rows], shares=True) for rows in INPUTS) == pytest.approx(shared)


def test_each_step_and_seed_drops_anew_and_nothing_is_dropped_without_a_step():
    lora, prefixes = taught()
    other, others = taught(seed=4)
    none, _ = taught(share=0.0)
    whole = losses(lora, INPUTS, shares=True)
    assert whole == losses(none, INPUTS, shares=True)
    prefixes.step = others.step = 0
    found = [losses(one, INPUTS, shares=True) for one in (lora, other, lora)]
    prefixes.step = 1
    assert found[0] == found[2]
    assert len({whole, *found, losses(lora, INPUTS, shares=True)}) == 4


def test_as_many_are_dropped_as_asked_in_each_layer_and_the_mean_stays():
    prefixes = Prefixes(0)
    prefixes.step, prefixes.ids = 2, torch.arange(400)[None]
    read = torch.ones(1, 400, 101)
    first, second = (Dropout(0.3, layer, prefixes)(read) for layer in (0, 1))
    for left in (first, second):
        assert (left == 0).float().mean() == pytest.approx(0.3, abs=0.01)
        assert left.mean() == pytest.approx(1, abs=0.02)
    both = ((first == 0) & (second == 0)).float().mean()
    assert both == pytest.approx(0.09, abs=0.01)


def test_ids_are_equal_where_the_whole_text_before_is():
    one = prefix_ids([5, 6, 7, 6, 9], [0, 1, 2, 1, 2])
    assert one == [*prefix_ids([5, 6, 7], [0, 1, 2]), *prefix_ids([5, 6, 9], [0, 1, 2])[1:]]
    assert len(set(one)) == 4 and one[1] == one[3]


def test_a_layer_that_reads_some_of_the_tokens_is_refused():
    prefixes = Prefixes(0)
    prefixes.step, prefixes.ids = 0, torch.arange(9)[None]
    with pytest.raises(StudyError, match=r"finetune\.lora_dropout: .*use 0\.0"):
        Dropout(0.1, 0, prefixes)(torch.ones(4, 8))
