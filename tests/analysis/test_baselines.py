"""Baselines: modes, and learners that never see what they are scored on."""

import numpy as np
import pandas as pd
import pytest

from stages.analysis.baselines import (
    TRAINED_BASELINES,
    cross_fitted,
    embedding_classifier,
    own_behavior,
    trained_baseline,
)
from stages.storage.errors import StudyError

ITEMS = {
    f"{n}": {"input_id": f"{n}", "task": "t", "input": f"{word} number {n}"}
    for n, word in enumerate(["apple", "banana"] * 10)
}


LABELLED = ["input_id", "task", "property", "label", "weight", "slice"]


def places(asked: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame([{"input_id": key, "task": "t", "property": name} for key, name in asked])


def predicted(kind: str, training: list[dict], asked: list[tuple[str, str]]) -> dict[str, str]:
    rows = trained_baseline(
        kind, pd.DataFrame(training, columns=LABELLED), places(asked), ITEMS, seed=0
    )
    assert set(rows["kind"]) <= {kind} and rows["compliant"].all()
    return dict(zip(rows["input_id"], rows["answer"], strict=True))


def labelled(key: str, label: str, *, name: str = "p", part: str = "train") -> dict:
    return {
        "input_id": key,
        "task": "t",
        "property": name,
        "label": label,
        "weight": 1.0,
        "slice": part,
    }


def fruit(key: str) -> str:
    return ITEMS[key]["input"].split()[0]


@pytest.mark.parametrize("kind", ["text_classifier", "nearest_neighbor"])
def test_a_learner_learns_what_the_text_tells(kind):
    training = [labelled(f"{n}", fruit(f"{n}")) for n in range(12)]
    found = predicted(kind, training, [(f"{n}", "p") for n in range(12, 20)])
    assert found == {f"{n}": fruit(f"{n}") for n in range(12, 20)}


def test_the_mode_of_the_training_rows_says_the_same_to_every_text():
    training = [labelled(f"{n}", fruit(f"{n}")) for n in (0, 1, 3)]
    assert predicted("mode_train", training, [("4", "p"), ("5", "p")]) == {
        "4": "banana",
        "5": "banana",
    }


def test_a_classifier_on_embeddings_learns_what_they_tell_and_no_more():
    training = pd.DataFrame([labelled(f"{n}", fruit(f"{n}")) for n in range(12)])
    asked = places([(f"{n}", "p") for n in range(12, 20)])
    seen = {key: np.array([fruit(key) == "apple", 1, int(key)], float) for key in ITEMS}
    rows = embedding_classifier(training, asked, seen, seed=0)
    assert set(rows["kind"]) == {"embedding_classifier"}
    assert dict(zip(rows["input_id"], rows["answer"], strict=True)) == {
        f"{n}": fruit(f"{n}") for n in range(12, 20)
    }
    blind = embedding_classifier(training[1:], asked, dict.fromkeys(ITEMS, np.ones(2)), seed=0)
    assert set(blind["answer"]) == {"banana"}  # six of eleven labels
    one = embedding_classifier(training[:1], asked, seen, seed=0)
    assert set(one["answer"]) == {"apple"}


def test_an_input_without_an_embedding_is_named():
    training = pd.DataFrame([labelled("0", "x")])
    for seen in ({"0": np.ones(2)}, {"1": np.ones(2)}):
        with pytest.raises(StudyError, match=r"data/embeddings: no row about input [01] of task t"):
            embedding_classifier(training, places([("1", "p")]), seen, seed=0)


def test_weights_count():
    training = [labelled("0", "x") | {"weight": 0.2}, labelled("1", "y") | {"weight": 0.8}]
    training.append(labelled("2", "x") | {"weight": 0.2})
    assert predicted("mode_train", training, [("4", "p")]) == {"4": "y"}


@pytest.mark.parametrize("kind", TRAINED_BASELINES)
def test_no_learner_takes_a_training_row_that_is_held_out(kind):
    with pytest.raises(StudyError, match="input 0 of task t is in the training dataset"):
        predicted(kind, [labelled("0", "x")], [("0", "p")])


@pytest.mark.parametrize("kind", TRAINED_BASELINES)
def test_a_learner_learns_from_the_train_slice_only(kind):
    training = [labelled(f"{n}", "held", part="held_back") for n in range(9)]
    training.append(labelled("9", "seen"))
    assert predicted(kind, training, [("10", "p")]) == {"10": "seen"}


@pytest.mark.parametrize("kind", TRAINED_BASELINES)
def test_a_property_that_was_not_trained_on_gets_no_guess(kind):
    assert predicted(kind, [labelled("0", "x")], [("1", "q")]) == {}
    assert predicted(kind, [], [("1", "q")]) == {}


def test_who_takes_itself_for_the_target_says_what_it_did_and_nothing_where_it_did_nothing():
    asked = places([("1", "p"), ("0", "p"), ("2", "p")])
    rows = own_behavior(asked[:2].assign(value=[None, "x"]), asked)
    assert list(rows["input_id"]) == ["0", "1", "2"]
    assert rows["answer"].iloc[0] == "x" and rows["answer"].iloc[1:].isna().all()
    assert list(rows["compliant"]) == [True, False, False]


def test_the_cross_fitted_classifier_knows_no_row_of_the_input_that_it_guesses():
    truth = places([(key, "p") for key in ITEMS]).assign(value=[fruit(key) for key in ITEMS])
    found = cross_fitted(truth, ITEMS, seed=0).set_index("input_id")["answer"]
    assert dict(found) == {key: fruit(key) for key in ITEMS}
    odd = truth.assign(value=truth["value"].where(truth["input_id"].ne("4"), "cherry"))
    assert cross_fitted(odd, ITEMS, seed=0).set_index("input_id")["answer"]["4"] == "apple"


def test_folds_are_of_inputs_whatever_their_order():
    truth = places([(key, name) for key in ITEMS for name in "pq"])
    truth = truth.assign(value=[f"{n % 3}" for n in range(len(truth))])
    one, two = (
        cross_fitted(table, ITEMS, seed=0).sort_values(["input_id", "property"])["answer"].tolist()
        for table in (truth, truth[::-1])
    )
    assert one == two
