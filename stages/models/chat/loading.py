"""The conversations of a model in a folder of its own, without its weights."""

import json
from pathlib import Path

from stages.models.chat.chat import Chat, Renderer, Speech


def load_chat(folder: Path, speech: Speech, renderer: Renderer | None = None) -> Chat:
    """Of the tokenizer, template and end tokens that the folder has.

    The end tokens are those of generation_config.json, where that names none of config.json, and
    the tokenizer's.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    named = _end_tokens(folder / "generation_config.json") or _end_tokens(folder / "config.json")
    own = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    return Chat(tokenizer, speech, frozenset([*named, *own]), renderer)


def _end_tokens(path: Path) -> list[int]:
    if not path.is_file():
        return []
    ends = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id")
    return ends if isinstance(ends, list) else [] if ends is None else [ends]
