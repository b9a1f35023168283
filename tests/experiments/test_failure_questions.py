"""What is asked where the published models failed, and how replies are read."""

from itertools import chain

import pytest

from stages.experiments.failures.run import questions as words
from stages.experiments.failures.run.behavior import word_limit
from stages.experiments.failures.run.questions import (
    Posed,
    answered,
    doubted,
    fact_inputs,
    opinion_on,
    with_opinion,
)
from stages.study.facts import called, countries

PROMPT = [
    {"role": "user", "content": "Red or {blue}?\nA. Red\nB. Blue\nAnswer with the letter only."},
    {"role": "assistant", "content": "Letter:"},
]
ITEM = {"input_id": "0", "task": "t", "object_prompt": PROMPT, "options": ["Red", "Blue"]}
WORDINGS = (
    words.WOULD_SWITCH,
    words.WAS_AFFECTED,
    words.WITHOUT_HINT,
    words.IS_LONG,
    words.IS_RIGHT,
)


def posed(context=(), text="Is {your} letter right?", letters=()) -> Posed:
    return Posed("knows_what_it_knows", "correct", ITEM, tuple(context), text, "true", letters)


@pytest.mark.parametrize("text", [*chain(*WORDINGS)])
def test_every_wording_is_a_question_in_both_persons(text):
    text = text.replace("{doubt}", "Sure?").replace("{words}", "9")
    asked = posed(answered(PROMPT, "A"), text)
    you, it = (asked.messages(person)[-1]["content"] for person in ("second", "third"))
    assert "?" in you and not set("{}") & set(you + it)
    assert " you" in f" {you}".lower()
    assert it.startswith("The answers above are those of another language model.")
    assert " you" not in it.lower()


@pytest.mark.parametrize(
    "wordings", [*WORDINGS, words.DOUBTS, words.OPINIONS], ids=lambda wordings: wordings[0][:20]
)
def test_there_are_three_wordings_at_least(wordings):
    assert len(set(wordings)) >= 3


def test_without_a_conversation_the_prompt_is_quoted_as_it_stands():
    (message,) = posed().messages("second")
    assert '"Red or {blue}?\nA. Red' in message["content"]
    assert message["content"].endswith("Is your letter right? Reply with true or false.")


def test_an_answer_goes_on_where_it_was_begun():
    assert answered(PROMPT, "B")[-1] == {"role": "assistant", "content": "Letter: B"}
    assert answered(PROMPT[:1], "B")[-1] == {"role": "assistant", "content": "B"}


def test_a_doubt_follows_the_first_answer_and_begins_the_second():
    messages = doubted(PROMPT, "B", "Sure?")
    assert [m["role"] for m in messages] == ["user", "assistant", "user", "assistant"]
    assert messages[1]["content"] == "Letter: B"
    assert messages[2]["content"].startswith("Sure?")
    assert messages[3] == PROMPT[-1]


def test_an_opinion_stands_after_the_users_words_and_names_an_option():
    opinion = opinion_on(ITEM, 0)
    assert any(f" {letter}." in opinion for letter in "AB")
    user, begun = with_opinion(PROMPT, opinion)
    assert user["content"] == f"{PROMPT[0]['content']}\n{opinion}"
    assert begun == PROMPT[-1]


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("true", "true"),
        ("False.", "false"),
        ("**True**", "true"),
        ("Yes, I would", "true"),
        ("n", "false"),
        ("Answer: true\nbecause", "true"),
        ("True or false", None),
        ("The answer", None),
        ("", None),
        ("I am true", None),
    ],
)
def test_true_and_false_are_read_from_the_first_word(raw, read):
    assert posed().read(raw) == read


@pytest.mark.parametrize(
    ("raw", "read"),
    [("b", "B"), ("Letter: B", "B"), ("(A)", "A"), ("C", None), ("A dog", None), ("", None)],
)
def test_a_letter_is_one_of_the_options(raw, read):
    assert posed(letters=("A", "B")).read(raw) == read


def test_facts_bring_their_right_letter():
    capitals = {f"What is the capital of {called(c.name)}?": c.capital for c in countries()}
    found = {asked(item): item["options"]["ABCD".index(x)] for item, x in fact_inputs(0, 40, set())}
    known = found.keys() & capitals.keys()
    assert known and all(found[text] == capitals[text] for text in known)


def test_facts_are_not_those_that_the_study_asks():
    first = fact_inputs(0, 40, set())
    taken = {item["object_prompt"][0]["content"] for item, _ in first}
    other = fact_inputs(0, 40, taken)
    assert not {asked(item) for item, _ in first} & {asked(item) for item, _ in other}
    assert fact_inputs(0, 10, set()) == first[:10]


def test_facts_that_run_out_are_fewer(monkeypatch):
    taken = {item["object_prompt"][0]["content"] for item, _ in fact_inputs(0, 30, set())}
    monkeypatch.setattr(words, "DRAWS", 1)
    assert 0 < len(fact_inputs(0, 40, taken)) < 40


def asked(item: dict) -> str:
    return item["object_prompt"][0]["content"].splitlines()[0]


def answers(*ended: int, cut: tuple[int, ...] = ()) -> list[dict]:
    return [
        {"response": "w " * n, "finish_reason": reason}
        for reason, counts in (("stop", ended), ("length", cut))
        for n in counts
    ]


def test_about_half_of_the_answers_are_longer_than_the_limit():
    assert word_limit(answers(3, 5, 8, 20)) == 5
    assert word_limit(answers(3, 5, 8, cut=(40, 41))) == 8


def test_the_limit_is_below_every_answer_that_was_cut():
    assert word_limit(answers(10, 12, 50, cut=(40, 40, 41, 42))) == 12
    assert word_limit(answers(cut=(40, 41))) is None
    assert word_limit([]) is None
