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
    inner = getattr(config, "intermediate_size", None) or 4 * config.hidden_size
    values = config.num_hidden_layers * (14 * config.hidden_size + 5 * inner)
    return max(1, int(SHARE * _memory(model.device) / (4 * values)))


def token_budget(model: Any) -> int:
    """Tokens that may be in work at once: prompt tokens, and a place for each answer token."""
    config = model.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    cached = 2 * config.num_hidden_layers * heads * size
    inner = getattr(config, "intermediate_size", None) or 4 * config.hidden_size
    values = 2 * cached + 4 * inner + 8 * config.hidden_size + config.vocab_size / 16
    low, high = BOUNDS
    return max(low, min(high, int(SHARE * _memory(model.device) / (4 * values))))


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
