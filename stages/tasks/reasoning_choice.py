"""Multiple choice A to D whose right answer follows from the question, as a pupil would check."""

from collections.abc import Iterator
from random import Random

from stages.study.item import Item, Task, draws, lettered, user_prompt
from stages.tasks.reasoning_numbers import NUMBER_KINDS
from stages.tasks.reasoning_words import WORD_KINDS

KINDS = (*NUMBER_KINDS, *WORD_KINDS)


def _make(random: Random) -> Item:
    asked, right, wrong = random.choice(KINDS)(random)
    options = random.sample(wrong, 3)
    options.insert(random.randrange(4), right)
    return Item(f"{asked}\n{lettered(tuple(options))}", tuple(options))


def _candidates(seed: int) -> Iterator[Item]:
    return draws(seed, "reasoning_choice", _make)


REASONING_CHOICE = (
    Task(
        "reasoning_choice",
        "multiple_choice",
        _candidates,
        lambda item: user_prompt(f"{item.text}\nAnswer with the letter only.", "Letter:"),
    ),
)
