"""Multiple choice A to D from the same facts; wrong options are of the same kind."""

from collections.abc import Iterator
from random import Random

from stages.study.facts import question
from stages.study.item import Item, Task, draws, lettered, user_prompt


def _make(random: Random) -> Item:
    asked, right, wrong = question(random)
    options = random.sample(wrong, 3)
    options.insert(random.randrange(4), right)
    return Item(f"{asked}\n{lettered(tuple(options))}", tuple(options))


def _candidates(seed: int) -> Iterator[Item]:
    return draws(seed, "facts_choice", _make)


FACTS_CHOICE = (
    Task(
        "facts_choice",
        "multiple_choice",
        _candidates,
        lambda item: user_prompt(f"{item.text}\nAnswer with the letter only.", "Letter:"),
    ),
)
