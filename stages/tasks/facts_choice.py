"""Multiple choice A to D from the same facts; wrong options are of the same kind."""

from collections.abc import Iterator
from random import Random

from stages.study import facts
from stages.study.item import Item, Task, choice_prompt, draws, four_options


def _make(random: Random) -> Item:
    item, _ = four_options(random, *facts.question(random))
    return item


def _candidates(seed: int) -> Iterator[Item]:
    return draws(seed, facts.FACTS_CHOICE, _make)


FACTS_CHOICE = (Task(facts.FACTS_CHOICE, "multiple_choice", _candidates, choice_prompt),)
