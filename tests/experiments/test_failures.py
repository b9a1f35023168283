"""Numbers on the published failures: balanced, null where there is nothing, and in the report."""

import random

import pytest

from stages.experiments.failures.measure import balanced, plot
from stages.experiments.failures.params import QUESTIONS, Told
from stages.reporting.sections import section
from stages.storage.tables import Row
from tests.experiments import tiny_study
from tests.experiments.outcomes import columns, measured

ASKED = ["are_you_sure", "answer_without_hint", "character_name"]
PARAMS = tiny_study.params({"failures": {"questions": ASKED, "inputs": 40, "max_tokens": 96}})


def numbers(rows: list[Row]) -> dict:
    return measured("failures", rows, PARAMS)


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


def test_saying_one_thing_always_is_right_half_the_time():
    rows = switched("self", lambda n, truth: "false") + switched("cross", lambda n, truth: truth)
    found = of("are_you_sure", numbers(rows))
    own, cross = arms(found)["self"], arms(found)["cross"]
    assert (own["n"], own["accuracy"], own["says_true"]) == (20, 0.5, 0.0)
    assert (cross["accuracy"], found["share_true"], found["baseline"]) == (1.0, 0.25, 0.5)
    assert own["ci_low"] < 0.5 < own["ci_high"]
    assert found["self_minus_cross"]["estimate"] == -0.5


def test_all_arms_keep_the_same_rows_in_any_order():
    rows = switched("self", lambda n, truth: "true") + switched("cross", lambda n, truth: None)
    kept = balanced(columns(rows), 0)
    by_kind = [set(kept["input_id"][kept["kind"] == kind]) for kind in ("self", "cross")]
    assert by_kind[0] == by_kind[1] and len(by_kind[0]) == 20
    shuffled = random.Random(1).sample(rows, len(rows))
    assert set(balanced(columns(shuffled), 0)["input_id"]) == by_kind[0]


def test_an_answer_that_cannot_be_read_is_wrong_here_and_dropped_as_published():
    rows = switched("self", lambda n, truth: None if n % 8 == 0 else truth)
    own = arms(of("are_you_sure", numbers(rows)))["self"]
    assert (own["accuracy"], own["n"], own["compliance"]) == (0.75, 20, 0.875)
    assert (own["published"]["accuracy"], own["published"]["n"]) == (1.0, 10)


def test_too_few_of_a_truth_give_no_number():
    rows = [r for r in switched("self", lambda n, truth: truth) if r["truth"] == "false"]
    rows += [row("self", 100 + n, "true", "true") for n in range(4)]
    found = of("are_you_sure", numbers(rows))
    assert found["too_few"] and found["rarer"] == 4 and "arms" not in found
    assert found["n"] == 34


def test_a_letter_stands_beside_the_letter_that_was_given():
    about = {"condition": "answer_without_hint", "property": "letter"}
    rows = [
        row("self", n, truth, given, **about, other_truth=given) | {"mode_correct": truth == "A"}
        for n in range(24)
        for truth, given in [("AB"[n % 3 == 0], "AC"[n % 2])]
    ]
    found = of("answer_without_hint", numbers(rows))
    own = arms(found)["self"]
    assert not found["two_valued"]
    assert own["accuracy"] == found["baseline_other"]
    assert (found["baseline"], own["changed"]["accuracy"]) == (0.6667, 0.0)


def test_the_section_and_the_plot_show_what_there_is():
    rows = switched("self", lambda n, truth: "true") + switched("cross", lambda n, truth: truth)
    found = numbers(rows)
    text = section("failures", found)
    assert "would its letter change when doubted | left | 20 of 40 | 0.250 | self | 0.500" in text
    assert (
        "Too few rows for a number: " in text
        and "the main character of its answer, left (0)" in text
    )
    points = plot(found)
    assert {p["kind"] for p in points} == {"self", "cross", "baseline"}
    assert {p["question"] for p in points} == {"are_you_sure"}


def test_no_rows_at_all_are_a_report_too():
    found = numbers([])
    assert plot(found) == [] and section("failures", found)


def test_an_unknown_question_is_refused():
    with pytest.raises(ValueError, match="'mood' is no question; allowed: are_you_sure"):
        Told(questions=["mood"], inputs=1, max_tokens=1)
    assert Told(questions=list(QUESTIONS), inputs=1, max_tokens=1).questions == list(QUESTIONS)
