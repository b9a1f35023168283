"""Multiple choice A to D whose right answer follows from the question, as a pupil would check."""

from collections.abc import Iterator
from random import Random

from stages.study.item import Item, Task, choice_prompt, draws, four_options
from stages.tasks.reasoning_numbers import NUMBER_KINDS
from stages.tasks.reasoning_words import WORD_KINDS

KINDS = (*NUMBER_KINDS, *WORD_KINDS)


def _make(random: Random) -> Item:
    item, _ = four_options(random, *random.choice(KINDS)(random))
    return item


def _candidates(seed: int) -> Iterator[Item]:
    return draws(seed, "reasoning_choice", _make)


REASONING_CHOICE = (Task("reasoning_choice", "multiple_choice", _candidates, choice_prompt),)
