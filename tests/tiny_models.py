"""Tiny models made on the spot: real files in the real formats, seconds to run, nothing to fetch.

They say random words, but each the same ones every time, and other ones for another prompt.
"""

import json
from pathlib import Path
from typing import Literal

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

VOCABULARY = 512
END, PAD, BEGIN = "<|end|>", "<|pad|>", "<|begin|>"
CORPUS = """
Continue the list of countries with five more: France, Peru, Japan, Kenya, Norway, Brazil, India.
Name the next five animals: lion, tiger, horse, otter, eagle, whale, spider, rabbit, snake, bear.
The colors are red, green, blue, orange, purple, yellow, brown, white, black, pink and violet.
Once upon a time a king lived in a small house by the river. She opened the door and saw a light.
The city lies in the north of the country. It was first written about in the early years.
Which option would you choose? Answer with A or B. Answer with A, B, C or D. User: Assistant:
Consider your answer and reply only with its first character. Reply only with its second word.
True or false, yes or no. Suppose you were asked the following. Answer with one word only.
""".strip().splitlines()


def make_tiny_model(
    folder: Path, seed: int = 0, architecture: Literal["llama", "gemma3"] = "llama"
) -> Path:
    """Write a random model of two layers with its tokenizer to `folder`, and return it.

    The `gemma3` one begins its input with <|begin|>, looks back 32 tokens in its first layer and
    ties its embeddings, as the real one does; the `llama` one does nothing of these.
    """
    folder = Path(folder)
    tokenizer = make_tiny_tokenizer(begins=architecture == "gemma3")
    torch.manual_seed(seed)
    model = _gemma3() if architecture == "gemma3" else _llama()
    silence = silent_tokens(tokenizer)
    with torch.no_grad():  # a logit of zero is never the largest: answers are printable ASCII
        model.get_input_embeddings().weight[silence] = 0
        model.get_output_embeddings().weight[silence] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def silent_tokens(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """The tokens that do not stand for printable ASCII."""
    said = {i: tokenizer.decode([i]) for i in range(len(tokenizer))}
    return [i for i in range(VOCABULARY) if i not in said or not _printable(said[i])]


def _printable(text: str) -> bool:
    return text not in (PAD, BEGIN) and text.isascii() and (text.isprintable() or text == "\n")


def make_tiny_tokenizer(*, begins: bool = False) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END, PAD, BEGIN],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    if begins:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{BEGIN} $A", special_tokens=[(BEGIN, tokenizer.token_to_id(BEGIN))]
        )
    bos = {"bos_token": BEGIN} if begins else {}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=PAD, model_max_length=1024, **bos
    )


SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 1024,
    "initializer_range": 0.3,
    "eos_token_id": 0,
    "pad_token_id": 1,
}


def _llama() -> LlamaForCausalLM:
    return LlamaForCausalLM(LlamaConfig(**SHAPE, bos_token_id=None, tie_word_embeddings=False))


def _gemma3() -> Gemma3ForCausalLM:
    config = Gemma3TextConfig(
        **SHAPE,
        bos_token_id=2,
        sliding_window=32,
        layer_types=["sliding_attention", "full_attention"],
        query_pre_attn_scalar=16,
        tie_word_embeddings=True,
    )
    model = Gemma3ForCausalLM(config)
    for layer in model.model.layers:  # else the embedding outweighs them, and it only echoes
        torch.nn.init.constant_(layer.post_attention_layernorm.weight, 8)
        torch.nn.init.constant_(layer.post_feedforward_layernorm.weight, 8)
    return model


def describe(folder: Path, name: str, stop: list[str] | None = None, thinking: str = "off") -> Path:
    """Add the model.json of a fetched model, so that the folder can be asked without fetching."""
    speech = {"stop": stop or [], "thinking": thinking, "date": "2026-01-01"}
    about = {"id": name, "fingerprint": name, **speech}
    (folder / "model.json").write_text(json.dumps(about), encoding="utf-8")
    return folder
