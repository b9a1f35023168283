"""Worked examples before a question: which are drawn, who sees them, what they are worth."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages import evaluate
from stages.experiment import main_study
from stages.experiments.examples.measure import plot
from stages.experiments.examples.run.about import About, about_target
from stages.experiments.examples.run.drawing import after_turns, drawn, example_turns
from stages.models.inputs import by_id, task_inputs
from stages.models.local.ask.asking import ask
from stages.models.local.subject.loading import load_base
from stages.models.opening import Models
from stages.models.predicting import QuestionForm, hypothetical_questions
from stages.models.questions import Decoding
from stages.reporting.sections import section
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.prompts import object_text
from tests.experiments import tiny_study
from tests.experiments.outcomes import measured, ran

PARAMS = tiny_study.params({"examples": {"k": 4, "inputs": 6}})
DESIGN = PARAMS.design
TAUGHT = {("examples_self", "left"), ("examples_cross", "right")}


def lesson(number: int, label: str, weight: float = 1.0) -> Row:
    key = f"{number:016}"
    return {"input_id": key, "property": "first_word", "label": label, "weight": weight}


LESSONS = [lesson(n, "owl" if n % 10 else f"word{n}") for n in range(40)]


def test_labels_take_turns_however_rare_they_are():
    labels = Counter(row["label"] for row in drawn(LESSONS, 8, DESIGN, 0))
    assert labels == {"owl": 4, "word0": 1, "word10": 1, "word20": 1, "word30": 1}
    halves = [lesson(n, "true" if n % 4 else "false") for n in range(40)]
    assert set(Counter(r["label"] for r in drawn(halves, 16, DESIGN, 0)).values()) == {8}


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=24), st.integers(1, 24))
def test_no_label_is_shown_twice_more_than_another_that_has_examples_left(labels, count):
    rows = [lesson(n, label) for n, label in enumerate(labels)]
    shown = Counter(row["label"] for row in drawn(rows, count, DESIGN, 0))
    assert shown.total() == min(count, len(rows))
    left = {label: shown[label] for label, n in Counter(labels).items() if shown[label] < n}
    assert max(shown.values()) <= min(left.values(), default=len(rows)) + 1


def test_what_is_drawn_depends_on_ids_and_seeds_alone():
    shuffled = random.Random(0).sample(LESSONS, len(LESSONS))
    assert drawn(shuffled, 8, DESIGN, 0) == drawn(LESSONS, 8, DESIGN, 0)
    assert drawn(LESSONS, 8, DESIGN, 1) != drawn(LESSONS, 8, DESIGN, 0)


def test_fewer_examples_are_some_of_the_same_in_the_same_order():
    many = drawn(LESSONS, 12, DESIGN, 0)
    for count in range(12):
        few = drawn(LESSONS, count, DESIGN, 0)
        assert len(few) == count and [row for row in many if row in few] == few


def test_an_input_is_shown_once_with_what_it_gave_most_often():
    twice = [lesson(1, "ant", 0.25), lesson(1, "bee", 0.75), lesson(2, "cat")]
    assert {row["label"] for row in drawn(twice, 8, DESIGN, 0)} == {"bee", "cat"}


def test_a_system_message_stays_the_first_and_that_of_an_example_opens_its_turn():
    asked = [{"role": role, "content": role[0]} for role in ("system", "user")]
    own = {"property": "first_word", "messages": asked}
    turns = example_turns([lesson(1, "bee")], {f"{1:016}": {"questions": [own]}}, "third")
    assert [m["content"] for m in turns] == ["s\nu", "bee"]
    assert [m["content"] for m in after_turns(asked, turns)] == ["s", "s\nu", "bee", "u"]


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Iterator[Path]:
    with tiny_study.working_study(tmp_path_factory.mktemp("study")) as root:
        evaluate.main([], standalone_mode=False)
        yield root


@pytest.fixture(scope="module")
def about(study) -> About:
    return about_target(
        "left", 0, PARAMS.told("examples"), main_study(PARAMS, Models("experiment"))
    )


@pytest.fixture(scope="module")
def rows(study) -> list[Row]:
    return ran("examples", "left", PARAMS, study / "cache.sqlite")


def test_examples_are_what_the_target_did_on_inputs_of_train_tasks(about):
    inputs = by_id([row for task in DESIGN.train for row in task_inputs(task)])
    assert not set(DESIGN.train) & {row["task"] for rows in about.asked.values() for row in rows}
    for name, examples in about.examples.items():
        turns = about.turns(name, "second")
        assert len(turns) == 2 * len(examples)
        for row, asked, answered in zip(examples, turns[::2], turns[1::2], strict=True):
            assert object_text(inputs[row["input_id"]]["object_prompt"]) in asked["content"]
            assert answered == {"role": "assistant", "content": row["label"]}


def test_all_arms_are_asked_the_same_after_the_same_examples(rows):
    shown = {
        (row["kind"], row["predictor"]): {
            (r["input_id"], r["property"], str(r["question"]))
            for r in rows
            if (r["kind"], r["predictor"], r["condition"]) == (row["kind"], row["predictor"], "4")
        }
        for row in rows
        if row["condition"] == "4"
    }
    assert set(shown) == TAUGHT
    assert shown["examples_self", "left"] == shown["examples_cross", "right"] != set()
    places = {}
    for row in rows:
        arm = row["kind"], row["predictor"], row["condition"]
        places.setdefault(arm, set()).add((row["input_id"], row["property"], row["truth"]))
    assert {arm[:2] for arm in places if arm[2] == "0"} == TAUGHT | {
        ("self", "left"),
        ("fresh_self", "left"),
        ("untrained", "left"),
        ("cross", "right"),
    }
    assert len(set(map(frozenset, places.values()))) == 1
    assert {row["property"] for row in rows} == {"first_word", "first_character"}


def test_what_all_questions_begin_with_is_one_prefix_and_changes_no_answer(study, about):
    subject = load_base(study / "data/models/right")
    turns = about.turns("first_word", "second")
    answers = []
    for together in (True, False):
        form = QuestionForm(reword=lambda m: after_turns(m, turns), together=together)
        questions = hypothetical_questions(about.asked["first_word"], ["first_word"], form)
        assert len({question.group for question in questions}) == (1 if together else 6)
        with ResponseCache(study / f"{together}.sqlite") as cache:
            answers.append(ask(subject, questions, Decoding(4), cache, "examples"))
    assert {k: a.text for k, a in answers[0].items()} == {k: a.text for k, a in answers[1].items()}


def test_as_many_are_shown_as_every_model_reads_and_the_rows_say_how_many(study, caplog):
    params = tiny_study.params({"examples": {"k": 20, "inputs": 2}})
    found = ran("examples", "left", params, study / "cache.sqlite")
    (count,) = {
        int(row["condition"])
        for row in found
        if row["property"] == "first_word" and row["condition"] != "0"
    }
    assert 4 < count < 20
    assert f"first_word of left, seed 0: {count} of 20" in caplog.text
    chat = load_base(study / "data/models/left").chat
    asked = [row["question"] for row in found if row["kind"] == "examples_self"]
    assert max(len(chat.prompt(q)) for q in asked) + params.predict.max_tokens <= 1024
    assert measured("examples", found, params)["targets"]["left"]["fewer"]["first_word"] == count


def outcome(kind: str, number: int, answer: str, condition: str = "4", who: str = "left") -> Row:
    truth = ("owl", "cat", "owl", "dog")[number]
    return {
        "target": "left",
        "predictor": who,
        "kind": kind,
        "condition": condition,
        "input_id": f"{number:016}",
        "property": "first_word",
        "answer": answer,
        "truth": truth,
        "correct": answer == truth,
        "mode_correct": truth == "owl",
    }


def test_who_says_what_is_common_knows_nothing_of_the_input():
    knows = [outcome("examples_self", n, ("owl", "cat", "owl", "dog")[n]) for n in range(4)]
    common = [outcome("examples_cross", n, "owl", who="right") for n in range(4)]
    before = [outcome("examples_self", n, "cow", "0") for n in range(4)]
    trained = [outcome("cross", n, "cow", "0", "right") for n in range(4)]
    found = measured("examples", [*knows, *common, *before, *trained], PARAMS)
    left = found["targets"]["left"]
    own, other, cross = left["arms"]
    assert own["accuracy"]["estimate"] == 1.0 and own["without"]["estimate"] == 0.0
    # To "owl", "cat", "owl", "dog" the other three answers are right with 1/3, 0, 1/3 and 0.
    assert own["dealt_out"]["estimate"] == round(1 / 6, 4)
    assert own["corrected"]["estimate"] == round(5 / 6, 4)
    assert other["accuracy"]["estimate"] == other["dealt_out"]["estimate"] == 0.5
    assert other["corrected"]["estimate"] == 0.0
    assert cross["kind"] == "cross" and "without" not in cross
    assert left["mode"]["estimate"] == 0.5
    assert left["self_minus_cross"]["estimate"] == 0.5
    assert left["examples_cross_minus_trained"]["estimate"] == 0.5
    assert "fewer" not in left or not left["fewer"]
    text = section("examples", found)
    assert "| left | examples cross (right) | 0.500" in text
    assert {point["kind"] for point in plot(found)} == {
        "examples self",
        "examples cross (right)",
        "cross (right)",
        "most common answer",
    }


def test_each_predictor_is_set_against_its_own_training():
    design = {"subjects": ["left", "right", "up"]}
    models = {name: {"source": f"path:models/{name}"} for name in design["subjects"]}
    params = tiny_study.params({"examples": {"k": 4, "inputs": 6}}, models=models, **design)
    good = [
        outcome(kind, n, ("owl", "cat", "owl", "dog")[n], condition, "right")
        for n in range(4)
        for kind, condition in (("examples_cross", "4"), ("cross", "0"))
    ]
    bad = [row | {"predictor": "up", "answer": "cow", "correct": False} for row in good]
    found = measured("examples", [*good, *bad], params)["targets"]["left"]
    assert found["examples_cross_minus_trained"]["estimate"] == 0.0
    assert found["examples_cross_minus_trained"]["rows"] == 8


def test_no_rows_at_all_are_a_report_too():
    found = measured("examples", [], PARAMS)
    assert plot(found) == [] and section("examples", found)
