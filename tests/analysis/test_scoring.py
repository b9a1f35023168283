"""Score rows follow the paper's rule."""

import pandas as pd

from stages.analysis.scoring import Known, excluded_counts, score_rows, values_table
from stages.study.truth import Key, property_values

Values = dict[Key, str | None]


def table(values: Values, task: str = "t") -> pd.DataFrame:
    return pd.DataFrame(
        [(key, task, name, value) for (key, name), value in values.items()],
        columns=["input_id", "task", "property", "value"],
        dtype=object,
    )


def prediction(key: str, answer: str | None, *, compliant: bool = True, name: str = "p") -> dict:
    return {
        "predictor": "m",
        "kind": "self",
        "input_id": key,
        "task": "t",
        "property": name,
        "answer": answer,
        "compliant": compliant,
    }


def scored(
    predictions: list[dict], truth: Values, own: Values | None = None, **options
) -> pd.DataFrame:
    known = Known(
        own={"n": table({("a", "p"): "z"}), "m": table(own or {})},
        before=table({("a", "p"): "y"}),
        logprobs=pd.Series({key: -0.5 for key, _ in truth}),
        informative={("t", "p")},
    )
    return score_rows(pd.DataFrame(predictions), table(truth), known, **options)


def test_a_prediction_that_does_not_comply_is_wrong_even_where_it_is_equal():
    asked, truth = [prediction("a", "x", compliant=False)], {("a", "p"): "x"}
    assert scored(asked, truth)["correct"].tolist() == [False]
    assert scored(asked, truth, keep_noncompliant=True)["correct"].tolist() == [True]


def test_a_truth_without_a_value_excludes_the_row_and_is_counted():
    truth = {("a", "p"): "x", ("b", "p"): None}
    rows = scored([prediction("a", "x"), prediction("b", "x")], truth)
    assert rows["input_id"].tolist() == ["a"]
    counted = excluded_counts(table(truth | {("a", "q"): "x"})).to_dict("list")
    assert counted == {"task": ["t", "t"], "property": ["p", "q"], "excluded": [1, 0]}


def test_an_unparsed_answer_is_wrong_under_every_rule():
    for keep in (False, True):
        asked = [prediction("a", None, compliant=False)]
        rows = scored(asked, {("a", "p"): "x"}, keep_noncompliant=keep)
        assert rows["correct"].tolist() == [False]


def test_the_mode_is_that_of_the_cell_and_the_first_met_wins_ties():
    truth = {("a", "p"): "y", ("b", "p"): "x", ("c", "p"): None, ("a", "q"): "z"}
    rows = scored(
        [prediction("b", "x"), prediction("a", "x"), prediction("a", "", name="q")], truth
    )
    assert rows["mode_answer"].tolist() == ["y", "y", "z"]
    assert rows["mode_correct"].tolist() == [False, True, True]


def test_agree_tells_whether_the_base_of_the_predictor_did_the_same():
    truth = {("a", "p"): "x", ("b", "p"): "x", ("c", "p"): "x"}
    own = {("a", "p"): "x", ("b", "p"): "y", ("c", "p"): None}
    rows = scored([prediction(key, "x") for key in "abc"], truth, own=own)
    assert rows["agree"].tolist() == [True, False, None]
    assert rows["predictor_own_behavior"].tolist()[:2] == ["x", "y"]


def test_a_row_tells_what_the_target_did_before_and_how_sure_it_was():
    row = scored([prediction("a", "x")], {("a", "p"): "x"}).iloc[0]
    assert (row["before"], row["target_logprob"], row["informative"]) == ("y", -0.5, True)
    other = scored([prediction("b", "x", name="q")], {("b", "q"): "x"}).iloc[0]
    assert pd.isna(other["before"]) and not other["informative"]


def test_several_samples_give_the_most_common_value_and_on_ties_the_lowest_sample():
    item = {"task": "t", "family": "sequence", "options": [], "trait_option": None}
    items = {"a": item | {"questions": None}}

    def value(*words: str) -> str | None:
        samples = [
            {"input_id": "a", "sample": n, "response": f"{word} lion tiger bear wolf"}
            for n, word in enumerate(words)
        ]
        columns = values_table(pd.DataFrame(samples[::-1]), items, ["first_word"])
        assert columns["task"].tolist() == ["t"]
        (found,) = columns["value"]
        assert property_values(samples, items, ["first_word"]) == {("a", "first_word"): found}
        return found

    assert value("cat", "dog", "dog") == "dog"
    assert value("cat", "dog") == "cat"
    assert value("dog", "cat") == "dog"
