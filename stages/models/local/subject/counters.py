"""Random bits that a key and a counter decide, the same on every device and in any batch.

SplitMix64 (Steele, Lea and Flood 2014), on signed integers, whose sums and products wrap.
"""

import torch

GOLDEN = 0x9E3779B97F4A7C15
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def bits(key: torch.Tensor, counter: torch.Tensor) -> torch.Tensor:
    """64 random bits for each counter under its key; shapes are broadcast."""
    mixed = key + (counter + 1) * signed(GOLDEN)
    mixed = (mixed ^ shifted(mixed, 30)) * signed(FIRST)
    mixed = (mixed ^ shifted(mixed, 27)) * signed(SECOND)
    return mixed ^ shifted(mixed, 31)


def shifted(number: torch.Tensor, by: int) -> torch.Tensor:
    """A shift to the right that brings in zeros."""
    return (number >> by) & ((1 << (64 - by)) - 1)


def signed(number: int) -> int:
    """The signed integer of the same lowest 64 bits."""
    return (number + 2**63) % 2**64 - 2**63
