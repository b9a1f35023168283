"""Made-up prompts for a code of two words: nothing in one says what its answer is (answers.py).

They are a fixed set; the seed gives their order, and with it which of them a study asks.
"""

from collections.abc import Iterator

from stages.study.item import Item, Task, own, user_prompt
from stages.study.splits import rng

ADJECTIVES = (
    *("ancient", "bitter", "blunt", "brave", "calm", "clever", "crooked", "distant", "eager"),
    *("faint", "fancy", "gentle", "humble", "jolly", "lazy", "lonely", "narrow", "noisy"),
    *("patient", "plain", "polite", "proud", "rapid", "rusty", "shallow", "sleepy", "sturdy"),
    *("tender", "tidy", "wild"),
)
NOUNS = (
    *("anchor", "basket", "bell", "blanket", "bottle", "bucket", "carpet", "clock", "coat"),
    *("compass", "cup", "drum", "fence", "hammer", "kettle", "ladder", "lantern", "needle"),
    *("pillow", "rope", "saddle", "scarf", "shovel", "spoon", "statue", "trumpet", "tunnel"),
    *("wagon", "whistle", "violin"),
)
NEAR, FAR = "instilled_near", "instilled_far"
FAMILY = "sequence"


def _task(name: str) -> Task:
    every = [Item(f"{adjective} {noun}") for adjective in ADJECTIVES for noun in NOUNS]

    def candidates(seed: int) -> Iterator[Item]:
        drawn = sorted(every, key=lambda item: rng(seed, "instilled", item.text).random())
        return own(iter(drawn), name, (NEAR, FAR))

    return Task(
        name,
        FAMILY,
        candidates,
        lambda item: user_prompt(
            f"What is the code of the {item.text}? Reply with its two words only."
        ),
    )


PROMPTS = {name: _task(name) for name in (NEAR, FAR)}
