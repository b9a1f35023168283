"""Whatever a decoder is made of, its answers and gradients are those of whole forwards.

The families are tiny random models; `python -m tests.architectures` tries all of them.
"""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from stages.models.local.ask.generate import answer_groups
from stages.models.local.rendering import Branch
from stages.models.local.subject import attention
from stages.models.local.subject.attention import prefix_attention
from stages.models.local.subject.budget import BOUNDS, token_budget, training_budget
from stages.models.local.subject.generation import Rows
from stages.models.local.subject.layout import lay_out
from stages.models.local.subject.loading import Subject, load_base
from stages.models.local.subject.plan import prefill_plan
from stages.models.local.subject.trial import shares_prefixes
from stages.storage.errors import StudyError
from tests.architectures.checks import (
    gradient_error,
    kept_logits_error,
    load,
    prompts,
    unequal_answers,
    written,
)
from tests.architectures.families import FAMILIES, make
from tests.architectures.table import WHY, in_page, row

TREE = None
PADDED, ALIKE, UNCACHED = Rows(), Rows(padded=False), Rows(padded=False, cached=False)
TAKES = {
    "gemma2": TREE,
    "gemma3": TREE,
    "gpt_oss": TREE,
    "phimoe": TREE,
    "mistral": TREE,
    "deepseek_v3": TREE,
    "opt": TREE,
    "phi3 (longrope)": Rows(steady=48),
    "llama4_text": Rows(steady=15),
    "bloom": PADDED,
    "gpt_neo": PADDED,
    "gptj": PADDED,
    "bamba": PADDED,
    "mamba": PADDED,
    "recurrent_gemma": ALIKE,
    "xlstm": ALIKE,
    "rwkv": UNCACHED,
}


@pytest.fixture(scope="module", params=TAKES)
def subject(request, tmp_path_factory) -> Subject:
    return load(request.param, tmp_path_factory.mktemp("model"))


def test_a_model_is_asked_in_the_way_that_it_takes(subject):
    assert (TREE if subject.shares else subject.rows) == TAKES[subject.name]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_answers_are_those_of_whole_forwards_without_a_cache(subject, temperature):
    assert unequal_answers(subject, temperature) == []


def test_gradients_are_those_of_plain_rows(subject):
    assert gradient_error(subject) < 2e-5


def test_what_a_head_makes_of_states_that_are_kept_is_what_the_model_said(subject):
    assert kept_logits_error(subject) < 1e-5


@pytest.mark.parametrize("subject", ["gptj", "recurrent_gemma"], indirect=True)
def test_nothing_that_a_model_says_of_generation_has_a_say(subject):
    config = subject.model.generation_config
    config.repetition_penalty, config.suppress_tokens = 9.0, list(range(3, 200))
    try:
        assert unequal_answers(subject, 0.0) == []
    finally:
        config.repetition_penalty = config.suppress_tokens = None


@pytest.mark.parametrize("family", ["gemma3n_text", "mamba", "rwkv", "recurrent_gemma", "mpt"])
def test_a_budget_needs_no_more_than_a_config_says(family):
    model = make(family)
    assert BOUNDS[0] <= token_budget(model) <= BOUNDS[1]
    assert training_budget(model) > 0


@pytest.mark.parametrize("family", ["phimoe", "mistral", "llama4_text", "gemma2"])
def test_a_trial_reads_beyond_the_window(family, monkeypatch):
    """A rule that knows no windows and chunks gives other logits, and is found out."""

    def causal(**_):
        return lambda batch, head, query, key: key <= query

    model = make(family)
    monkeypatch.setattr(attention, "seen_by", causal)
    assert not shares_prefixes(model)


def test_an_attention_argument_that_is_not_known_is_refused():
    model, row = make("llama"), (5, 6, 7)
    plan = prefill_plan(lay_out([[row]]), model.device)
    inputs = {
        "input_ids": torch.tensor([row]),
        "attention_mask": torch.ones(1, 3),
        "use_cache": False,
    }
    with prefix_attention(model):
        assert model(**inputs, plan=plan, position_bias=None).logits.shape[:2] == (1, 3)
        with pytest.raises(ValueError, match=r"attention by \['position_bias'\] is not shared"):
            model(**inputs, plan=plan, position_bias=torch.zeros(1))


def test_two_attentions_that_say_they_are_one_layer_are_not_shared():
    model = make("llama")
    assert shares_prefixes(model)
    model.model.layers[1].self_attn.layer_idx = 0  # they would read each other's keys
    assert not shares_prefixes(model)


def test_rows_go_together_as_far_as_their_length_changes_nothing():
    assert Rows(steady=48).batches([10, 44, 40, 44], 5) == [([0, 2], True), ([1, 3], False)]
    assert Rows(padded=False).batches([3, 5, 3], 5) == [([0, 2], True), ([1], True)]
    assert Rows().batches([3, 5, 3], 500) == [([0, 2, 1], True)]


@pytest.mark.parametrize("subject", ["bloom", "rwkv"], indirect=True)
def test_samples_of_one_prompt_are_drawn_by_their_seeds(subject):
    tokens = prompts(subject.name)[0][0]
    asked = [[Branch((n,), tokens, seed=n)] for n in range(6)]
    together = answer_groups(subject, asked, max_tokens=4, temperature=1.0)
    (third,) = answer_groups(subject, asked[3:4], max_tokens=4, temperature=1.0).values()
    assert together[3,].text == third.text
    assert len({answer.text for answer in together.values()}) > 2


@pytest.mark.parametrize("family", ["gpt_oss", "xlstm"])
def test_the_table_of_the_docs_is_what_the_runner_makes(family):
    assert row(family) in in_page()


def test_each_no_of_the_table_has_a_reason():
    lines = [line.strip("| ").split(" | ") for line in in_page()[2:]]
    assert {name.strip("`") for name, *_ in lines} == set(FAMILIES) and len(lines) >= 30
    refusals = [line for line in in_page() if "| no |" in line]
    assert refusals and not any(line.endswith("|  |") for line in refusals)
    assert not set(WHY) - set(FAMILIES)


def test_what_is_no_decoder_is_refused(tmp_path):
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    shape |= {"initializer_range": 0.3}  # as drawn by default it hardly reads its attention
    config = AutoConfig.for_model("bert", vocab_size=512, intermediate_size=64, **shape)
    model = AutoModelForCausalLM.from_config(config)
    with pytest.raises(StudyError, match=r"bert: what it says .* it is no decoder"):
        load_base(written(model, "bert", tmp_path))
