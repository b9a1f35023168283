"""Lists of one-digit numbers to go on with: one more is asked for.

As in sequences.py the list is an answer begun for the model. Of ten separators, on 24 lists, " |"
is the one after which both default models' numbers are nearest to half even, half odd.
"""

from collections.abc import Iterator
from random import Random

from stages.study.item import Item, Task, draws, user_prompt


def _make(random: Random) -> Item:
    digits = [str(random.randrange(10)) for _ in range(random.randint(3, 6))]
    return Item(" ".join(f"{digit} |" for digit in digits))


def _candidates(seed: int) -> Iterator[Item]:
    return draws(seed, "numbers", _make)


NUMBERS = (
    Task(
        "numbers",
        "number",
        _candidates,
        lambda item: user_prompt("Continue this list with 1 more one-digit number.", item.text),
    ),
)
