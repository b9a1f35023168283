"""Score rows follow the paper's rule, and averages weigh as they say."""

from stages.analysis.averages import cell_means, macro, pooled
from stages.analysis.scoring import excluded_counts, score_rows
from stages.study.truth import mode_answers, property_values


def prediction(key: str, answer: str | None, *, compliant: bool = True, name: str = "p") -> dict:
    return {
        "kind": "self",
        "input_id": key,
        "task": "t",
        "property": name,
        "answer": answer,
        "compliant": compliant,
    }


def scored(predictions: list[dict], truth: dict, own: dict | None = None, **options) -> list[dict]:
    items = {key: {"task": "t"} for key, _ in truth}
    names = {"target": "m", "predictor": "m", "kind": "self", "seed": 0}
    return score_rows(
        predictions,
        truth,
        names,
        modes=mode_answers(truth, items),
        own=own or {},
        before={("a", "p"): "y"},
        logprobs=dict.fromkeys(items, -0.5),
        informative={("t", "p")},
        **options,
    )


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


def test_a_row_tells_what_the_target_did_before_and_how_sure_it_was():
    (row,) = scored([prediction("a", "x")], {("a", "p"): "x"})
    assert (row["before"], row["target_logprob"], row["informative"]) == ("y", -0.5, True)


def test_several_samples_give_the_most_common_value_and_on_ties_the_lowest_sample():
    items = {
        "a": {
            "task": "animals_long",
            "family": "sequence",
            "options": [],
            "trait_option": None,
            "questions": None,
        }
    }

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
    rows = [{"seed": 0, "task": "a", "property": "p", "correct": True}] * 8
    rows += [{"seed": 0, "task": "a", "property": "q", "correct": False}] * 2
    rows += [{"seed": 0, "task": "b", "property": "p", "correct": False}] * 10
    assert cell_means(rows) == {("a", "p"): 1.0, ("a", "q"): 0.0, ("b", "p"): 0.0}
    assert macro(rows) == 0.25
    assert pooled(rows) == 0.4
    other = [{"seed": 1, "task": "a", "property": "p", "correct": True}]
    assert macro(rows + other) == (0.25 + 1) / 2
    assert macro([]) is pooled([]) is None
