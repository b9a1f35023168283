"""Tasks give enough distinct inputs, each decided by the seed and its own index."""

from collections import Counter
from itertools import islice

import pytest

from stages.study.splits import input_id, is_held_back, split_of
from stages.study.tasks import TASKS
from stages.study.tasks.facts import cities, countries, elements
from stages.study.tasks.values import scenarios

NAMES = sorted(TASKS)


def first(name: str, count: int, seed: int = 0):
    return list(islice(TASKS[name].candidates(seed), count))


@pytest.mark.parametrize("name", NAMES)
def test_there_are_enough_distinct_inputs(name):
    wanted = 120 if name == "values_choice" else 1000
    texts = {item.text for item in first(name, wanted)}
    assert len(texts) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_inputs_depend_on_the_seed_and_not_on_how_many_are_taken(name):
    assert first(name, 30) == first(name, 60)[:30]
    assert first(name, 30) != first(name, 30, seed=1)


@pytest.mark.parametrize("name", NAMES)
def test_prompts_are_chat_messages_that_quote_the_input(name):
    for item in first(name, 50):
        messages = TASKS[name].prompt(item)
        assert [m["role"] for m in messages] in (["user"], ["user", "assistant"])
        assert any(item.text in m["content"] for m in messages)
        assert all(m["content"] == m["content"].strip() for m in messages)


def test_no_input_is_in_two_tasks():
    seen = Counter(item.text for name in NAMES for item in set(first(name, 300)))
    assert max(seen.values()) == 1


def test_both_splits_are_filled_and_never_share_an_input():
    for name in NAMES:
        splits = Counter(split_of(input_id(name, item.text)) for item in first(name, 120))
        assert min(splits["train"], splits["test"]) > 35


def test_the_held_back_share_is_as_asked():
    share = sum(is_held_back(0, f"{n:016x}", 0.1) for n in range(5000)) / 5000
    assert share == pytest.approx(0.1, abs=0.015)


def test_the_traits_letter_is_balanced_in_every_theme():
    letters = [item.trait_option for item in scenarios()]
    for theme in range(4):
        assert Counter(letters[30 * theme : 30 * theme + 30]) == {"A": 15, "B": 15}
    for item in scenarios():
        assert len(item.options) == 2 and item.options[0] != item.options[1]


def test_facts_are_true_where_a_reader_can_check():
    by_name = {country.name: country for country in countries()}
    assert (by_name["France"].capital, by_name["France"].continent) == ("Paris", "Europe")
    assert {"Osaka": "Japan", "Lyon": "France"}.items() <= {
        city.name: city.country for city in cities()
    }.items()
    assert [(e.symbol, e.number) for e in elements() if e.name == "gold"] == [("Au", 79)]


def test_choices_hold_the_right_answer_once_with_balanced_letters():
    capitals = {c.name: c.capital for c in countries()}
    letters: Counter[int] = Counter()
    for item in first("facts_choice", 1000):
        assert len(set(item.options)) == 4
        question = item.text.splitlines()[0]
        if question.startswith("What is the capital of "):
            right = capitals[question.removeprefix("What is the capital of ").rstrip("?")]
            assert item.options.count(right) == 1
            letters[item.options.index(right)] += 1
    assert min(letters.values()) > 0.15 * letters.total()
