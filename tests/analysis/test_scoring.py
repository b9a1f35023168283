"""Score rows follow the paper's rule and reproduce the published numbers."""

import json
import string
from pathlib import Path

import numpy as np
import pytest

from stages.analysis.averages import cell_means, macro, pooled
from stages.analysis.baselines import mode_answers
from stages.analysis.scoring import excluded_counts, property_values, score_rows

FIXTURES = Path(__file__).parents[2].parent / "shared" / "fixtures" / "scoring.jsonl"


def worked_tables() -> list[dict]:
    if not FIXTURES.is_file():
        return []
    cases = [json.loads(line) for line in FIXTURES.read_text(encoding="utf-8").splitlines()]
    return [case for case in cases if case["kind"] == "accuracy"]


def published_cleaning(answer: str) -> str:
    """The published code's cleaning of a prediction; ours is symmetric and elsewhere."""
    bare = answer.lower().translate(str.maketrans("", "", string.punctuation))
    return " ".join(bare.split())


def prediction(key: str, answer: str | None, *, compliant: bool = True, name: str = "p") -> dict:
    return {
        "kind": "self", "input_id": key, "task": "t", "property": name,
        "answer": answer, "compliant": compliant,
    }  # fmt: skip


def scored(predictions: list[dict], truth: dict, **options) -> list[dict]:
    items = {key: {"task": "t"} for key, _ in truth}
    names = {"target": "m", "predictor": "m", "kind": "self"}
    return score_rows(predictions, truth, modes=mode_answers(truth, items), **names, **options)


@pytest.mark.skipif(not FIXTURES.is_file(), reason="the worked tables are not in this clone")
@pytest.mark.parametrize("case", worked_tables(), ids=lambda case: str(case["id"]))
def test_published_accuracy_mode_compliance_and_error_are_reproduced(case):
    """With nothing excluded, and answers cleaned as published, whose own numbers those are."""
    truth, items = {}, {}
    for row in case["objects"]:
        key = json.dumps([row["task"], row["string"]])
        items[key] = {"task": row["task"]}
        truth[key, row["property"]] = row["answer"].lower().strip()
    asked = [
        {
            "kind": "self", "input_id": json.dumps([row["task"], row["string"]]),
            "task": row["task"], "property": row["property"],
            "answer": published_cleaning(row["answer"]), "compliant": row.get("compliant", True),
        }
        for row in case["metas"]
    ]  # fmt: skip
    rows = score_rows(
        asked, truth, target="m", predictor="m", kind="self",
        modes=mode_answers(truth, items), keep_noncompliant=True,
    )  # fmt: skip
    expected = case["expected"]["micro_average"]
    assert len(rows) == case["joined_rows"] == expected["n"]
    assert pooled(rows) == pytest.approx(expected["accuracy"])
    assert pooled(rows, "mode_correct") == pytest.approx(expected["mode_baseline"])
    assert pooled(rows, "compliant") == pytest.approx(expected["compliance_rate"])
    right = [row["correct"] for row in rows]
    if len(right) > 1:
        error = 1.96 * np.std(right, ddof=1) / len(right) ** 0.5
        assert error == pytest.approx(expected["error_1_96_sem"])


def test_a_prediction_that_does_not_comply_is_wrong_even_where_it_is_equal():
    rows = scored([prediction("a", "x", compliant=False)], {("a", "p"): "x"})
    assert [row["correct"] for row in rows] == [False]
    kept = scored(
        [prediction("a", "x", compliant=False)], {("a", "p"): "x"}, keep_noncompliant=True
    )
    assert [row["correct"] for row in kept] == [True]


def test_a_truth_without_a_value_excludes_the_row_and_is_counted():
    truth = {("a", "p"): "x", ("b", "p"): None}
    rows = scored([prediction("a", "x"), prediction("b", "x")], truth)
    assert [row["input_id"] for row in rows] == ["a"]
    assert excluded_counts(truth, {"a": {"task": "t"}, "b": {"task": "t"}}) == {("t", "p"): 1}


def test_an_unparsed_answer_is_wrong_under_every_rule():
    for keep in (False, True):
        rows = scored(
            [prediction("a", None, compliant=False)], {("a", "p"): "x"}, keep_noncompliant=keep
        )
        assert [row["correct"] for row in rows] == [False]


def test_agree_tells_whether_the_base_of_the_predictor_did_the_same():
    truth = {("a", "p"): "x", ("b", "p"): "x", ("c", "p"): "x"}
    own = {("a", "p"): "x", ("b", "p"): "y", ("c", "p"): None}
    rows = scored([prediction(key, "x") for key in "abc"], truth, own=own)
    assert [row["agree"] for row in rows] == [True, False, None]


def test_several_samples_give_the_most_common_value_and_on_ties_the_lowest_sample():
    items = {"a": {"task": "animals_long", "options": [], "trait_option": None}}

    def value(*words: str) -> str | None:
        samples = [
            {"input_id": "a", "sample": n, "response": f"{word} lion tiger bear wolf"}
            for n, word in enumerate(words)
        ]
        return property_values(reversed(samples), items, ["first_word"])["a", "first_word"]

    assert value("cat", "dog", "dog") == "dog"
    assert value("cat", "dog") == "cat"
    assert value("dog", "cat") == "dog"


def test_macro_weighs_tasks_then_properties_and_pooled_weighs_rows():
    rows = [{"task": "a", "property": "p", "correct": True}] * 8
    rows += [{"task": "a", "property": "q", "correct": False}] * 2
    rows += [{"task": "b", "property": "p", "correct": False}] * 10
    assert cell_means(rows) == {("a", "p"): 1.0, ("a", "q"): 0.0, ("b", "p"): 0.0}
    assert macro(rows) == 0.25
    assert pooled(rows) == 0.4
    assert macro([]) is pooled([]) is None
