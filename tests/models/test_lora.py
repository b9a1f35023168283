"""LoRA is laid over the linear layers of the text model: no towers, no routers, not the head."""

from types import SimpleNamespace

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    Gemma3Config,
    GPT2Config,
    LlamaConfig,
    MambaConfig,
    Qwen2MoeConfig,
    Qwen3NextConfig,
    SiglipVisionConfig,
)

from stages.models.local.teach.lora import last_name, linear_layers, taught_layers
from stages.storage.errors import StudyError

SIZES = {
    "vocab_size": 40,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
}


def model(config):
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)


def names(config) -> set[str]:
    return {last_name(layer) for layer in linear_layers(model(config))}


GPT2 = GPT2Config(vocab_size=40, n_embd=16, n_layer=2, n_head=2)


@pytest.mark.parametrize("config", [LlamaConfig(**SIZES), GPT2], ids=["llama", "gpt2"])
def test_of_a_plain_decoder_they_are_all_but_the_head(config):
    wanted = LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM")
    layers = linear_layers(model(config))
    assert layers == get_peft_model(model(config), wanted).base_model.targeted_module_names
    assert len(layers) > 7 and "lm_head" not in layers


def test_what_sees_images_is_not_taught():
    vision = SiglipVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2
    )
    config = Gemma3Config(text_config=SIZES | {"model_type": "gemma3_text"}, vision_config=vision)
    seeing, layers = model(config), linear_layers(model(config))
    assert any("vision" in name for name, _ in seeing.named_modules())
    assert layers and all("language_model" in layer for layer in layers)
    adapted = get_peft_model(seeing, LoraConfig(target_modules=layers, task_type="CAUSAL_LM"))
    assert adapted.base_model.targeted_module_names == layers


def test_routers_are_not_taught_and_dense_gates_are():
    config = Qwen2MoeConfig(
        **SIZES, num_experts=4, moe_intermediate_size=16, shared_expert_intermediate_size=16
    )
    every = {name for name, _ in model(config).named_modules() if "gate" in name}
    assert any(name.endswith("shared_expert_gate") for name in every)
    assert names(config) == {
        *("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    }


def test_layers_named_as_parts_of_a_tensor_of_all_experts_stay_with_it():
    """Asked for shared_expert.up_proj, peft would teach the tensor of the experts instead."""
    config = Qwen3NextConfig(
        **SIZES,
        num_experts=4,
        moe_intermediate_size=16,
        shared_expert_intermediate_size=16,
        layer_types=["full_attention", "full_attention"],
    )
    assert names(config) == {"q_proj", "k_proj", "v_proj", "o_proj"}
    assert any(name.endswith("shared_expert.up_proj") for name, _ in model(config).named_modules())


def test_layers_whose_weights_kernels_read_past_lora_are_not_taught():
    config = MambaConfig(vocab_size=40, hidden_size=16, num_hidden_layers=2)
    assert names(config) == {"in_proj", "x_proj"}
    layers = linear_layers(model(config))
    assert get_peft_model(model(config), LoraConfig(target_modules=layers, task_type="CAUSAL_LM"))


def test_layers_may_be_named_and_a_name_of_none_is_refused():
    subject = SimpleNamespace(name="mine", model=model(LlamaConfig(**SIZES)))
    found = taught_layers(subject, ["q_proj", "0.mlp.up_proj"])
    assert found == [
        "model.layers.0.self_attn.q_proj",
        "model.layers.0.mlp.up_proj",
        "model.layers.1.self_attn.q_proj",
    ]
    for name in ("c_attn", "proj", "lm_head", "norm"):
        with pytest.raises(StudyError, match=rf"'{name}' is no linear layer of mine.*: all-linear"):
            taught_layers(subject, ["q_proj", name])
