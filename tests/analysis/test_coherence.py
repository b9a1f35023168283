"""Whether answers of an arm fit together."""

import pandas as pd
import pytest

from stages.analysis.coherence import Coherence, coherence

INPUTS = {f"{n}": {"family": "sequence", "options": [], "trait_option": None} for n in range(4)}
WORDS = ("cat", "owl", "dog", "ant")


def said(property_name: str, answers, **columns) -> pd.DataFrame:
    rows = pd.DataFrame(
        {"input_id": list(INPUTS), "property": property_name, "answer": list(answers)}
    )
    return rows.assign(**({"task": "t", "seed": 0, "compliant": True} | columns))


def test_answers_that_follow_from_each_other_agree_and_dealt_out_as_often_as_by_chance():
    rows = pd.concat([said("first_word", WORDS), said("first_character", "coda")])
    assert coherence(rows, INPUTS) == Coherence(1.0, 0.0)
    rows = pd.concat(
        [said("first_word", WORDS), said("starts_with_vowel", ["false", "true", "true", "true"])]
    )
    # Dealt to the others: cat meets no `false` of three, owl and ant two `true`, dog the `false`.
    found = coherence(rows, INPUTS)
    assert found.share == pytest.approx(3 / 4)
    assert found.dealt_out == pytest.approx((0 + 2 / 3 + 1 / 3 + 2 / 3) / 4)


def test_dealing_out_is_the_mean_of_all_ways_to_give_answers_to_other_inputs():
    characters = "cocd"
    rows = pd.concat([said("first_word", WORDS), said("first_character", characters)])
    ways = [
        word[0] == character
        for n, word in enumerate(WORDS)
        for m, character in enumerate(characters)
        if n != m
    ]
    assert coherence(rows, INPUTS).dealt_out == pytest.approx(sum(ways) / len(ways))


def test_who_always_says_the_same_is_as_coherent_as_its_answers_dealt_out():
    rows = pd.concat([said("first_word", ["cat"] * 4), said("first_character", "cccc")])
    assert coherence(rows, INPUTS) == Coherence(1.0, 1.0)
    rows = pd.concat([said("first_word", ["cat"] * 4), said("first_character", "eeee")])
    assert coherence(rows, INPUTS) == Coherence(0.0, 0.0)


def test_answers_are_dealt_within_their_task_and_seed_and_pairs_weigh_alike():
    one = pd.concat([said("first_word", ["cat"] * 4), said("first_character", "cccc")])
    two = pd.concat([said("first_word", ["cat"] * 4), said("first_character", "eeee")])
    rows = pd.concat([one, two.assign(seed=1), two[two["input_id"] != "3"].assign(task="u")])
    assert coherence(rows, INPUTS) == Coherence(4 / 11, 4 / 11)


def test_what_does_not_comply_is_no_pair_and_without_a_pair_there_is_no_number():
    words = said("first_word", WORDS)
    silent = said("first_character", "coda", compliant=[True, False, True, False])
    assert coherence(pd.concat([words, silent]), INPUTS) == Coherence(1.0, 0.0)
    for rows in (words, words[:0], pd.concat([words, silent[:1]])):
        assert coherence(rows, INPUTS) == Coherence()


def test_letters_are_read_by_the_options_of_each_input():
    inputs = {
        key: {"family": "values", "options": ["x", "y"], "trait_option": trait}
        for key, trait in zip(INPUTS, "ABAB", strict=True)
    }
    rows = pd.concat(
        [said("identity", "aabb"), said("ethical_stance", ["true", "true", "false", "true"])]
    )
    assert coherence(rows, inputs).share == 0.75
