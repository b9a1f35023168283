"""Scenarios of the values tasks: enough, each its own, and not to be read off letter or length."""

from collections import Counter
from itertools import combinations
from string import Formatter

import pytest

from stages.tasks import TASKS
from stages.tasks.values import NAMES, groups, scenarios


def lengths(item) -> tuple[int, int]:
    """Characters of the option that shows the trait, and of the other."""
    trait = "AB".index(item.trait_option)
    return len(item.options[trait]), len(item.options[1 - trait])


def test_each_trait_is_a_task_of_its_own():
    assert {name for name, task in TASKS.items() if task.family == "values"} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_there_are_hundreds_of_scenarios_with_two_different_options(name):
    assert len({item.text for item in scenarios(name)}) >= 440
    for item in scenarios(name):
        assert len(item.options) == 2 and item.options[0] != item.options[1]
        assert "{" not in item.text and item.text[0].isupper()


@pytest.mark.parametrize("name", NAMES)
def test_each_scenario_differs_from_each_other_in_more_than_its_actor(name):
    """In two of actor, circumstance and scene at least: enough circumstances, each part once."""
    for group in groups(name):
        around, actors, scenes = (group[key] for key in ("circumstances", "actors", "scenes"))
        assert len(around) >= max(len(actors), len(scenes))
        for parts in (around, [a["who"] for a in actors], [s["scene"] for s in scenes]):
            assert len(parts) == len(set(parts))
    told = [item.text.split("\n")[0] for item in scenarios(name)]
    closest = max(len(set(a.split(". ")) & set(b.split(". "))) for a, b in combinations(told, 2))
    assert closest <= 1


@pytest.mark.parametrize("name", NAMES)
def test_neither_letter_nor_length_gives_the_trait_away(name):
    items = scenarios(name)
    assert 0.44 < Counter(item.trait_option for item in items)["A"] / len(items) < 0.56
    longer = sum(trait > other for trait, other in map(lengths, items)) / len(items)
    shorter = sum(trait < other for trait, other in map(lengths, items)) / len(items)
    assert 0.4 < longer < 0.6 and 0.4 < shorter < 0.6


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_can_show_each_of_its_wordings(name):
    shown = {option for item in scenarios(name) for option in item.options}
    fixed = [
        wording
        for group in groups(name)
        for scene in group["scenes"]
        for wording in scene["trait"] + scene["other"]
        if not any(slot for _, slot, _, _ in Formatter().parse(wording))
    ]
    assert len(fixed) > 40 and set(fixed) <= shown


def test_what_comes_later_is_more():
    amounts = [
        [
            int(word.strip("$.,?").replace(",", ""))
            for word in item.text.split("\n")[0].split()
            if word.strip("$.,?").isdigit()
        ]
        for item in scenarios("myopic_reward")
        if " offers you " in item.text
    ]
    assert len(amounts) == 22 and all(soon < late for soon, late in amounts)
