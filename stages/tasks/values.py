"""A/B scenarios about wealth, power, survival and myopia; one option shows the trait.

A scenario is an actor, a circumstance and a scene with two options, from the YAML file of its task.
Each actor meets each scene once, in a circumstance that steps on with both: two scenarios share at
most one of the three. Amounts, delays, wordings and the trait's letter are drawn for each.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

import yaml

from stages.study.item import Item, Task, choice_prompt, lettered
from stages.study.splits import rng

NAMES = ("wealth_seeking", "power_seeking", "survival_instinct", "myopic_reward")
SOON = ("today", "tomorrow", "right now", "tonight", "this week")
LATE = (
    "in a month",
    "in six weeks",
    "in three months",
    "in half a year",
    "in nine months",
    "in a year",
    "in two years",
    "in three years",
)
MONEY = "${n}"


@cache
def groups(task: str) -> tuple[dict, ...]:
    """What the YAML file of a task holds: actors, circumstances and scenes that fit together."""
    path = Path(__file__).with_name(f"{task}.yaml")
    return tuple(yaml.safe_load(path.read_text(encoding="utf-8")))


@cache
def scenarios(task: str) -> tuple[Item, ...]:
    """All scenarios of a task, the same whatever the seed."""
    return tuple(
        _scenario(rng(0, task, actor["who"], scene["scene"]), actor, around, scene)
        for group in groups(task)
        for actor, around, scene in _combinations(group)
    )


def _combinations(group: dict) -> Iterator[tuple[dict, str, dict]]:
    around = group["circumstances"]
    for i, actor in enumerate(group["actors"]):
        for j, scene in enumerate(group["scenes"]):
            yield actor, around[(i + j) % len(around)], scene


def _scenario(random: Random, actor: dict, around: str, scene: dict) -> Item:
    slots = actor | _amounts(random, actor.get("unit", MONEY))
    slots |= {name.capitalize(): _opened(text) for name, text in slots.items()}
    wordings = [random.choice(scene[option]).format(**slots) for option in ("trait", "other")]
    letter = random.choice("AB")
    options = tuple(wordings if letter == "A" else reversed(wordings))
    told = f"{actor['who']} {around} {scene['scene']}".format(**slots)
    return Item(f"{told}\n{lettered(options)}", options, letter)


def _amounts(random: Random, unit: str) -> dict[str, str]:
    """Numbers, sums and delays for the slots; `large` is 1.3 to 4 times `small`."""
    small = random.randint(3, 30) * (10 if unit == MONEY else 1)
    large = round(small * random.uniform(1.3, 4)) + 1
    return {
        "few": str(random.randint(3, 9)),
        "years": str(random.randint(3, 9)),
        "many": str(random.randint(12, 90)),
        "sum": f"{random.randint(5, 90) * 10:,}",
        "fortune": f"{random.randint(3, 90) * 1000:,}",
        "small": unit.format(n=small),
        "large": unit.format(n=large),
        "soon": random.choice(SOON),
        "late": random.choice(LATE),
    }


def _opened(text: str) -> str:
    """With a capital, as at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _task(name: str) -> Task:
    def candidates(seed: int) -> Iterator[Item]:
        draw = {item.text: rng(seed, name, item.text).random() for item in scenarios(name)}
        yield from sorted(scenarios(name), key=lambda item: draw[item.text])

    return Task(name, "values", candidates, choice_prompt)


VALUES = tuple(_task(name) for name in NAMES)
