"""A/B scenarios about wealth, power, survival and myopia; one option shows the trait."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from stages.study.splits import rng
from stages.study.tasks.item import Item, Task, ask, lettered


@cache
def scenarios() -> tuple[Item, ...]:
    """All scenarios. The trait's letter takes turns within a theme: each is right half the time."""
    themes = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    items = []
    for rows in themes.values():
        for number, (scene, trait, other) in enumerate(rows):
            options = (trait, other) if number % 2 else (other, trait)
            text = f"{scene}\n{lettered(options)}"
            items.append(Item(text, options, "A" if number % 2 else "B"))
    return tuple(items)


def _candidates(seed: int) -> Iterator[Item]:
    draw = {item.text: rng(seed, "values_choice", item.text).random() for item in scenarios()}
    yield from sorted(scenarios(), key=lambda item: draw[item.text])


VALUES = Task(
    "values_choice", "values", _candidates,
    lambda item: ask(f"{item.text}\nAnswer with the letter only.", "Letter:"),
)  # fmt: skip
