"""How much is computed at once: batches filled by tokens, to the size of the memory.

The budget depends on the machine's whole memory, not on what happens to be free, so that the
same commit on the same machine makes the same batches, and with them the same bytes.
"""

import os
from pathlib import Path
from typing import Any

import torch

SHARE = 1 / 12  # of the memory, for what grows with the tokens of a batch
BOUNDS = 2048, 24576  # tokens; more than this makes nothing faster
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def training_budget(model: Any) -> int:
    """Tokens whose activations may be kept for the gradients at once."""
    config = model.config.get_text_config()
    hidden, layers = _size(config, "hidden_size"), _size(config, "num_hidden_layers")
    values = layers * (14 * hidden + 5 * _size(config, "intermediate_size", 4 * hidden))
    return max(1, int(SHARE * _memory(model.device) / (4 * values)))


def token_budget(model: Any) -> int:
    """Tokens that may be in work at once: prompt tokens, and a place for each answer token.

    A model without heads (Mamba, RWKV) is taken to keep a vector of its width for each token.
    """
    config = model.config.get_text_config()
    hidden, layers = _size(config, "hidden_size"), _size(config, "num_hidden_layers")
    heads = _size(config, "num_attention_heads", 1)
    size = _size(config, "head_dim", hidden // heads)
    cached = 2 * layers * _size(config, "num_key_value_heads", heads) * size
    inner = _size(config, "intermediate_size", 4 * hidden)
    values = 2 * cached + 4 * inner + 8 * hidden + config.vocab_size / 16
    low, high = BOUNDS
    return max(low, min(high, int(SHARE * _memory(model.device) / (4 * values))))


def _size(config: Any, name: str, default: int = 1) -> int:
    """What a config says of a size; the greatest, where it says one for each layer."""
    told = getattr(config, name, None)
    told = max(told, default=0) if isinstance(told, list | tuple) else told
    return told or default


def _memory(device: torch.device) -> int:
    """Bytes of the device's memory, or of what this process may have of it."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = CGROUP_LIMIT.read_text().strip() if CGROUP_LIMIT.is_file() else "max"
    return min(memory, int(limit)) if limit.isdigit() else memory


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out, on either device."""
    kinds = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, kinds) or "can't allocate memory" in str(error)
