"""Numbers on the published failures: balanced, null where there is nothing, and in the report."""

import random

import pytest

from stages.experiments.failures.measure import balanced, numbers, plot
from stages.params import Params
from stages.params.experiments import FAILURES, FailuresParams
from stages.reporting.sections import section
from tests.analysis.small_study import params as small_params

QUESTIONS = ["are_you_sure", "answer_without_hint", "character_name"]


@pytest.fixture
def params() -> Params:
    told = {"run": ["failures"], "failures": {"questions": QUESTIONS, "inputs": 40}}
    return Params.model_validate(small_params() | {"experiments": told})


def row(kind: str, number: int, truth: str, answer: str | None, **other) -> dict:
    predictor = "right" if kind == "cross" else "left"
    return {
        "target": "left",
        "predictor": predictor,
        "kind": kind,
        "seed": 0,
        "condition": "are_you_sure",
        "input_id": f"{number:03}",
        "task": "facts_choice",
        "property": "switched",
        "question": None,
        "raw_answer": answer,
        "answer": answer,
        "compliant": answer is not None,
        "truth": truth,
        "correct": answer == truth,
        "mode_correct": truth == "false",
        "other_truth": None,
    } | other


def switched(kind: str, says) -> list[dict]:
    """40 behaviors, of which every fourth is a switch; `says` gives an answer to each."""
    return [
        row(kind, n, truth, says(n, truth))
        for n in range(40)
        for truth in ["true" if n % 4 == 0 else "false"]
    ]


def arms(found: dict) -> dict[str, dict]:
    return {arm["kind"]: arm for arm in found["arms"]}


def of(name: str, found: dict, target: str = "left") -> dict:
    return next(q for q in found["questions"] if (q["question"], q["target"]) == (name, target))


def test_saying_one_thing_always_is_right_half_the_time(params):
    rows = switched("self", lambda n, truth: "false") + switched("cross", lambda n, truth: truth)
    found = of("are_you_sure", numbers(rows, params))
    own, cross = arms(found)["self"], arms(found)["cross"]
    assert (own["n"], own["accuracy"], own["says_true"]) == (20, 0.5, 0.0)
    assert (cross["accuracy"], found["share_true"], found["baseline"]) == (1.0, 0.25, 0.5)
    assert own["ci_low"] < 0.5 < own["ci_high"]
    assert found["self_minus_cross"]["estimate"] == -0.5


def test_all_arms_keep_the_same_rows_in_any_order():
    rows = switched("self", lambda n, truth: "true") + switched("cross", lambda n, truth: None)
    kept = balanced(rows, 0)
    by_kind = [{r["input_id"] for r in kept if r["kind"] == kind} for kind in ("self", "cross")]
    assert by_kind[0] == by_kind[1] and len(by_kind[0]) == 20
    shuffled = random.Random(1).sample(rows, len(rows))
    assert {r["input_id"] for r in balanced(shuffled, 0)} == by_kind[0]


def test_an_answer_that_cannot_be_read_is_wrong_here_and_dropped_as_published(params):
    rows = switched("self", lambda n, truth: None if n % 8 == 0 else truth)
    own = arms(of("are_you_sure", numbers(rows, params)))["self"]
    assert (own["accuracy"], own["n"], own["compliance"]) == (0.75, 20, 0.875)
    assert (own["published"]["accuracy"], own["published"]["n"]) == (1.0, 10)


def test_too_few_of_a_truth_give_no_number(params):
    rows = [r for r in switched("self", lambda n, truth: truth) if r["truth"] == "false"]
    rows += [row("self", 100 + n, "true", "true") for n in range(4)]
    found = of("are_you_sure", numbers(rows, params))
    assert found["too_few"] and found["rarer"] == 4 and "arms" not in found
    assert found["n"] == 34


def test_a_letter_stands_beside_the_letter_that_was_given(params):
    about = {"condition": "answer_without_hint", "property": "letter"}
    rows = [
        row("self", n, truth, given, **about, other_truth=given) | {"mode_correct": truth == "A"}
        for n in range(24)
        for truth, given in [("AB"[n % 3 == 0], "AC"[n % 2])]
    ]
    found = of("answer_without_hint", numbers(rows, params))
    own = arms(found)["self"]
    assert not found["two_valued"]
    assert own["accuracy"] == found["baseline_other"]
    assert (found["baseline"], own["changed"]["accuracy"]) == (0.6667, 0.0)


def test_the_section_and_the_plot_show_what_there_is(params):
    rows = switched("self", lambda n, truth: "true") + switched("cross", lambda n, truth: truth)
    found = numbers(rows, params)
    text = section("failures", found)
    assert "would its letter change when doubted | left | 20 of 40 | 0.250 | self | 0.500" in text
    assert (
        "Too few rows for a number: " in text
        and "the main character of its answer, left (0)" in text
    )
    points = plot(found)
    assert {p["kind"] for p in points} == {"self", "cross", "baseline"}
    assert {p["question"] for p in points} == {"are_you_sure"}


def test_no_rows_at_all_are_a_report_too(params):
    found = numbers([], params)
    assert plot(found) == [] and section("failures", found)


def test_an_unknown_question_is_refused():
    with pytest.raises(ValueError, match="'mood' is no question; allowed: are_you_sure"):
        FailuresParams(questions=["mood"], inputs=1)
    assert FailuresParams(questions=list(FAILURES), inputs=1).max_tokens == 96
