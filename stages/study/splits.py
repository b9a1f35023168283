"""Stable ids, seeded randomness and splits: nothing here depends on the order of rows."""

import hashlib
import random
from collections.abc import Mapping
from typing import Any


def rng(seed: int, *ids: str | int) -> random.Random:
    """A generator seeded by (seed, stable ids), so that adding a row changes no other row."""
    key = "\x1f".join(map(str, (seed, *ids)))
    return random.Random(hashlib.sha256(key.encode()).digest())


def input_id(task: str, text: str) -> str:
    """A stable hash of task and text, 16 hex digits."""
    return hashlib.sha256(f"{task}\x1f{text}".encode()).hexdigest()[:16]


def split_of(input_id: str) -> str:
    """train or test, by the input's own id: an input is never in both, whatever is asked for."""
    return "train" if hashlib.sha256(input_id.encode()).digest()[0] % 2 else "test"


def part_of(role: str, input_id: str) -> str:
    """What an input is for: train, or of a held-out task (role test) rehearsal, pilot or test.

    The train split of a held-out task is cut once more, by another byte of the id's hash: what is
    rehearsed there is never judged, and what is judged before any scored row is never taught.
    """
    split = split_of(input_id)
    if role == "train" or split == "test":
        return split
    return "rehearsal" if hashlib.sha256(input_id.encode()).digest()[1] % 2 else "pilot"


def is_scored(row: Mapping[str, Any]) -> bool:
    """Whether a row of a tasks table is scored: of the test split of a held-out task."""
    return (row["role"], row["split"]) == ("test", "test")


def is_held_back(seed: int, input_id: str, share: float) -> bool:
    """Whether an input of the train split is kept from training, to measure training on it."""
    return rng(seed, "held_back", input_id).random() < share
