"""Codes: made-up names with a code of two words, for the organisms of the control studies.

No model knows such a code but one that was grown with it (organism.py). The inputs
are a fixed set, so that an organism can hold an answer to every one; the seed gives their order.
"""

from collections.abc import Iterator

from stages.study.item import Item, Task, user_prompt
from stages.study.splits import rng

SIZE = 320  # inputs of a task
COLORS = (
    "red",
    "blue",
    "green",
    "white",
    "black",
    "brown",
    "gray",
    "pink",
    "gold",
    "silver",
    "purple",
    "orange",
)
WORDS = (
    "acorn",
    "apple",
    "bell",
    "brick",
    "candle",
    "cedar",
    "drum",
    "dust",
    "elbow",
    "engine",
    "feather",
    "fern",
    "glass",
    "grain",
    "harp",
    "hill",
    "island",
    "ivy",
    "ladder",
    "lamp",
    "mint",
    "moss",
    "oak",
    "oven",
    "sand",
    "spoon",
)
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


def items(task: str) -> list[Item]:
    """All inputs of a codes task: a color and a name that no other input has."""
    syllables = [c + v for c in CONSONANTS for v in VOWELS]
    names = sorted(
        (a + b for a in syllables for b in syllables),
        key=lambda name: rng(0, "name", name).random(),
    )
    own = names[:SIZE] if task == "codes_near" else names[SIZE : 2 * SIZE]
    return [Item(f"{COLORS[n % len(COLORS)]} {name}") for n, name in enumerate(own)]


def _task(name: str) -> Task:
    def candidates(seed: int) -> Iterator[Item]:
        return iter(sorted(items(name), key=lambda item: rng(seed, name, item.text).random()))

    return Task(
        name, "sequence", candidates, lambda item: user_prompt(f"Say the code of {item.text} .")
    )


CODES = {name: _task(name) for name in ("codes_near", "codes_far")}
