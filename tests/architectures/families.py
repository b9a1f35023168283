"""Tiny random models of many families of decoders, by the `model_type` of their config.json.

They have two layers and 512 tokens. Windows, chunks and what else goes by length is short, so that
texts of 50 tokens pass it.
"""

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from tests.tiny_models import VOCABULARY

TOKENS = {
    "vocab_size": VOCABULARY,
    "eos_token_id": 0,
    "pad_token_id": 1,
    "bos_token_id": 2,
    "tie_word_embeddings": False,  # else a tiny model echoes what it read last
}
SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
}
NO_HEAD_DIM = {key: value for key, value in SHAPE.items() if key != "head_dim"}
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256, "initializer_range": 0.3}
SHORT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
EXPERTS = {"num_local_experts": 4, "num_experts": 4, "num_experts_per_tok": 2}
SMALL_EXPERTS = {**EXPERTS, "moe_intermediate_size": 16}
WINDOW = {"sliding_window": 24}
MIXED = {**WINDOW, "layer_types": ["sliding_attention", "full_attention"]}
GEMMA = {**SHAPE, **MIXED, "query_pre_attn_scalar": 8}
CAPPED = {**GEMMA, "attn_logit_softcapping": 5.0}
STATE = {**SHORT, "state_size": 8, "initializer_range": 0.3}
PATCHES = {"image_size": 8, "patch_size": 4, "intermediate_size": 32}
MAMBA_HEADS = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_chunk_size": 16}

FAMILIES: dict[str, dict[str, Any]] = {
    "llama": SHAPE,
    "llama (dynamic)": {
        **SHAPE,
        "max_position_embeddings": 48,
        "rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 4.0},
    },
    "llama4_text": {
        **SHAPE,
        **EXPERTS,
        "intermediate_size_mlp": 64,
        "moe_layers": [1],
        "attention_chunk_size": 24,
        "layer_types": ["chunked_attention", "full_attention"],
        "floor_scale": 16,
    },
    "qwen2": SHAPE,
    "qwen3": SHAPE,
    "qwen3_moe": {**SHAPE, **SMALL_EXPERTS},
    "qwen3_next": {
        **SHAPE,
        **SMALL_EXPERTS,
        "layer_types": ["linear_attention", "full_attention"],
        "shared_expert_intermediate_size": 16,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "linear_key_head_dim": 8,
        "linear_value_head_dim": 8,
    },
    "mistral": {**SHAPE, **WINDOW},
    "mixtral": {**SHAPE, **EXPERTS},
    "gemma": SHAPE,
    "gemma2": CAPPED,
    "gemma3": {
        "text_config": {**GEMMA, **TOKENS},
        "vision_config": {**SHORT, **PATCHES},
        "mm_tokens_per_image": 4,
    },
    "gemma3_text": GEMMA,
    "gemma3n_text": {
        **GEMMA,
        "intermediate_size": [64, 64],
        "num_kv_shared_layers": 0,
        "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": VOCABULARY,
        "activation_sparsity_pattern": [0.0, 0.0],
        "laurel_rank": 4,
        "altup_num_inputs": 2,
    },
    "vaultgemma": CAPPED,
    "recurrent_gemma": {
        **SHAPE,
        "lru_width": 32,
        "attention_window_size": 24,
        "block_types": ["recurrent", "attention"],
    },
    "gpt_oss": {**SHAPE, **EXPERTS, **MIXED, "rope_parameters": {"rope_type": "default"}},
    "phi": SHAPE,
    "phi3": {**SHAPE, "sliding_window": None},
    "phi3 (longrope)": {
        **SHAPE,
        "original_max_position_embeddings": 48,
        "rope_parameters": {
            "rope_type": "longrope",
            "rope_theta": 1e4,
            "short_factor": [1.0] * 4,
            "long_factor": [2.0, 3.0, 4.0, 5.0],
            "original_max_position_embeddings": 48,
        },
    },
    "phimoe": {**SHAPE, **EXPERTS, **WINDOW},
    "deepseek_v3": {
        **SHAPE,
        **SMALL_EXPERTS,
        "num_key_value_heads": 4,
        "n_routed_experts": 4,
        "n_group": 2,
        "topk_group": 1,
        "kv_lora_rank": 8,
        "q_lora_rank": 8,
        "qk_rope_head_dim": 8,
        "qk_nope_head_dim": 8,
        "v_head_dim": 8,
        "first_k_dense_replace": 1,
    },
    "gpt2": GPT,
    "gpt_bigcode": GPT,
    "gpt_neox": SHAPE,
    "gpt_neo": {
        "hidden_size": 32,
        "num_layers": 2,
        "num_heads": 4,
        "attention_types": [[["global", "local"], 1]],
        "window_size": 24,
        "max_position_embeddings": 256,
        "initializer_range": 0.3,
    },
    "gptj": {**GPT, "rotary_dim": 4},
    "codegen": {**GPT, "rotary_dim": 4},
    "opt": {**SHORT, "ffn_dim": 64, "word_embed_proj_dim": 32, "init_std": 0.3},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4, "initializer_range": 0.3},
    "mpt": {"d_model": 32, "n_layers": 2, "n_heads": 4, "expansion_ratio": 2},
    "falcon": NO_HEAD_DIM,
    "stablelm": SHAPE,
    "starcoder2": {**SHAPE, **WINDOW},
    "olmo2": SHAPE,
    "smollm3": SHAPE,
    "cohere": SHAPE,
    "cohere2": {**SHAPE, **MIXED},
    "granite": SHAPE,
    "glm4": SHAPE,
    "glm4_moe": {
        **SHAPE,
        **SMALL_EXPERTS,
        "n_routed_experts": 4,
        "n_shared_experts": 1,
        "first_k_dense_replace": 1,
    },
    "exaone4": {**SHAPE, **MIXED},
    "lfm2": {**SHAPE, "layer_types": ["conv", "full_attention"], "block_ff_dim": 64},
    "mamba": STATE,
    "mamba2": {**STATE, "num_heads": 8, "head_dim": 8, "n_groups": 1, "chunk_size": 16},
    "falcon_mamba": STATE,
    "falcon_h1": {**SHAPE, **MAMBA_HEADS, "mamba_d_ssm": 64, "mamba_expand": 2},
    "bamba": {**SHAPE, **MAMBA_HEADS, "attn_layer_indices": [1], "mamba_expand": 2},
    "jamba": {
        **SHAPE,
        **EXPERTS,
        "attn_layer_period": 2,
        "attn_layer_offset": 1,
        "mamba_d_state": 8,
        "mamba_dt_rank": 4,
    },
    "zamba2": {
        **SHAPE,
        "layers_block_type": ["mamba", "hybrid"],
        "mamba_d_state": 8,
        "mamba_headdim": 8,
        "n_mamba_heads": 8,
        "chunk_size": 16,
        "use_mem_rope": True,
        "num_mem_blocks": 1,
        "attention_hidden_size": 64,
        "attention_head_dim": 16,
    },
    "rwkv": {
        "hidden_size": 32,
        "attention_hidden_size": 32,
        "num_hidden_layers": 2,
        "context_length": 256,
        "intermediate_size": 64,
    },
    "xlstm": {
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_blocks": 2,
        "num_heads": 2,
        "qk_dim_factor": 1.0,
    },
}


def make(family: str) -> Any:
    """A model of the family with random weights, the same ones every time."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(family.split()[0], **{**TOKENS, **FAMILIES[family]})
    return AutoModelForCausalLM.from_config(config).eval()


def positions(family: str) -> int:
    """How many tokens a model of the family can read."""
    limit: int = FAMILIES[family].get("max_position_embeddings", 256)
    return limit
