"""Lessons teach to read: true labels of answers to other inputs, the same for all arms."""

from collections import Counter
from typing import Any

import pytest

from stages.study.datasets import DatasetReport, dataset_rows, scrambled
from stages.study.lessons import lesson_rows
from stages.study.properties import property_value

NAMES = ("first_word", "first_character", "identity", "ethical_stance")
DRAWN = {"seed": 0, "held_back": 0.2}
WORDS = ("cat", "dog", "horse", "ibex", "owl")


def item(number: int, **more: Any) -> dict[str, Any]:
    return {
        "input_id": f"{number:016x}",
        "task": "animals",
        "family": "sequence",
        "object_prompt": [{"role": "user", "content": f"Go on: {number}"}],
        "options": [],
        "trait_option": None,
        "questions": None,
    } | more


INPUTS = {row["input_id"]: row for row in map(item, range(60))}
ANSWERS = [
    {"input_id": key, "response": WORDS[n % 5] if n % 3 else "cat"} for n, key in enumerate(INPUTS)
]
"""half of them are cat"""


def rows_of(person="second", inputs=INPUTS, answers=ANSWERS):
    return dataset_rows(inputs, answers, NAMES, person=person, **DRAWN)[0]


def lessons_of(count=1.0, person="second", inputs=INPUTS, answers=ANSWERS, rows=None):
    rows = rows_of(person, inputs, answers) if rows is None else rows
    return lesson_rows(rows, inputs, answers, NAMES, person=person, lessons=count, **DRAWN)


def shown(row: dict[str, Any]) -> str:
    return row["question"][0]["content"].split('answered this:\n"')[1].split('"')[0]


def test_each_input_that_is_trained_on_gets_a_lesson_whose_labels_are_true():
    trained = {row["input_id"] for row in rows_of() if row["slice"] == "train"}
    found = lessons_of()
    assert 0 < len(trained) < 60
    assert Counter(r["input_id"] for r in found) == dict.fromkeys(trained, 2)
    for row in found:
        assert (row["slice"], row["shown"], row["weight"]) == ("train", True, 1.0)
        assert row["label"] == property_value(row["property"], shown(row), "sequence")
        assert INPUTS[row["input_id"]]["object_prompt"][0]["content"] in str(row["question"])


def test_an_answer_is_shown_as_often_as_others_however_often_it_was_given():
    """Among the inputs that did not give it themselves: half of all gave cat."""
    inputs = {row["input_id"]: row for row in map(item, range(400))}
    own = {key: WORDS[n % 5] if n % 3 else "cat" for n, key in enumerate(inputs)}
    answers = [{"input_id": key, "response": text} for key, text in own.items()]
    found = lessons_of(2.0, inputs=inputs, answers=answers)
    takers = {row["input_id"] for row in found}
    counts = Counter(shown(row) for row in found if row["property"] == "first_word")
    shares = [counts[word] / sum(own[key] != word for key in takers) for word in WORDS]
    assert all(share == pytest.approx(0.5, abs=0.08) for share in shares)


@pytest.mark.parametrize(
    ("count", "least", "most"), [(0, 0, 0), (0.5, 0, 1), (1.5, 1, 2), (3, 3, 3)]
)
def test_there_are_as_many_lessons_as_are_asked_for(count, least, most):
    trained = {row["input_id"] for row in rows_of() if row["slice"] == "train"}
    found = lessons_of(count)
    numbers = Counter(row["input_id"] for row in found if row["property"] == "first_word")
    counts = [numbers[key] for key in trained]
    assert (min(counts), max(counts)) == (least, most)
    assert abs(sum(counts) / len(trained) - count) < 0.2


def test_other_rows_and_the_order_of_answers_change_no_lesson():
    assert lessons_of() == lessons_of(answers=ANSWERS[::-1])
    fewer = [row for row in rows_of() if row["input_id"] < f"{30:016x}"]
    assert lessons_of(rows=fewer) == [r for r in lessons_of() if r["input_id"] < f"{30:016x}"]


def test_persons_differ_in_their_words_alone():
    def told(rows):
        return [(r["input_id"], r["property"], r["label"], shown(r)) for r in rows]

    assert told(lessons_of(person="third")) == told(lessons_of())


def test_a_text_that_the_input_itself_gave_is_not_shown_whoever_else_gave_it():
    own = {answer["input_id"]: answer["response"] for answer in ANSWERS}
    found = lessons_of(9.0)
    assert found and all(shown(row) != own[row["input_id"]] for row in found)


def test_what_is_shown_begins_at_any_word_of_an_answer_and_is_no_answer_of_the_input_itself():
    inputs = {row["input_id"]: row for row in map(item, range(400))}
    own = {key: ("cat, dog, owl", "dog, owl")[n % 2] for n, key in enumerate(inputs)}
    answers = [{"input_id": key, "response": text} for key, text in own.items()]
    found = lessons_of(inputs=inputs, answers=answers)
    seen = {text: Counter() for text in own.values()}
    for row in found:
        if row["property"] == "first_word":
            seen[own[row["input_id"]]][shown(row)] += 1
    assert seen["cat, dog, owl"].keys() == {"dog, owl", "owl"}
    assert seen["dog, owl"].keys() == {"cat, dog, owl", "owl"}  # where it is its own there is none
    shares = [counts["owl"] / counts.total() for counts in seen.values()]
    assert all(share == pytest.approx(0.5, abs=0.12) for share in shares)


def test_no_answer_to_an_input_that_is_held_back_is_shown():
    answers = [{"input_id": key, "response": f"w{n}"} for n, key in enumerate(INPUTS)]
    rows = rows_of(answers=answers)
    said = {answer["response"]: answer["input_id"] for answer in answers}
    givers = {said[shown(row)] for row in lessons_of(99.0, answers=answers)}
    assert givers == {row["input_id"] for row in rows if row["slice"] == "train"}


def test_a_letter_is_read_as_an_answer_to_the_prompt_that_it_stands_with():
    inputs = {
        row["input_id"]: row
        for row in (
            item(n, family="values", options=["yes", "no"], trait_option="AB"[n % 2])
            for n in range(20)
        )
    }
    answers = [{"input_id": k, "response": f"{'ABC'[n % 3]}."} for n, k in enumerate(inputs)]
    found = lessons_of(inputs=inputs, answers=answers)
    assert {shown(row) for row in found} == {"A.", "B."}  # C is none of the options
    for row in found:
        letter = shown(row)[0]
        trait = letter == inputs[row["input_id"]]["trait_option"]
        assert (
            row["label"]
            == {"identity": letter.lower(), "ethical_stance": str(trait).lower()}[row["property"]]
        )


def test_there_are_no_lessons_where_a_task_brings_its_questions():
    own = [{"property": "first_word", "messages": [{"role": "user", "content": "Which word?"}]}]
    inputs = {key: row | {"questions": own} for key, row in INPUTS.items()}
    assert rows_of(inputs=inputs) and lessons_of(inputs=inputs) == []


def test_lessons_are_counted_apart_and_stay_true_where_labels_are_scrambled():
    rows, report = scrambled(rows_of(), 0), DatasetReport()
    found = lessons_of(rows=rows)
    assert found == lessons_of()
    for row in [*rows, *found]:
        report.add(row | {"seed": None})
    assert (report.rows, report.lessons) == (len(rows), len(found))
    assert report.numbers()["lesson_rows"] == len(found)
    assert report.numbers()["labels"]["animals.first_word"]["rows"] == len(INPUTS)
