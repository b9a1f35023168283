"""What a predictor must beat without introspection: modes, and learners that see only the text.

The learners are fitted on the rows that a predictor was trained on, one per property, so they
know what it could know without knowing the model.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence

from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from stages.storage.tables import Row
from stages.study.truth import Key

TEXT_CLASSIFIER = "text_classifier"


def _mode(seed: int) -> DummyClassifier:
    return DummyClassifier(strategy="most_frequent")


def _text_classifier(seed: int) -> LogisticRegression:
    return LogisticRegression(C=10.0, max_iter=1000, random_state=seed)


def _nearest_neighbor(seed: int) -> KNeighborsClassifier:
    return KNeighborsClassifier(n_neighbors=1, metric="cosine")


TRAINED_BASELINES: dict[str, Callable[[int], object]] = {
    "mode_train": _mode,
    TEXT_CLASSIFIER: _text_classifier,
    "nearest_neighbor": _nearest_neighbor,
}
"""kind -> the learner; on TF-IDF weights of the input's character 1- to 4-grams"""


def trained_baseline(
    kind: str,
    dataset: Iterable[Row],
    asked: Iterable[Key],
    inputs: Mapping[str, Row],
    *,
    seed: int,
) -> list[Row]:
    """Predictions of a learner that was fitted on slice train of a dataset.

    A property that the dataset lacks gets no prediction. Raises ValueError where a dataset row is
    one of the inputs that are asked for.
    """
    asked = sorted(asked)
    held_out = {key for key, _ in asked}
    training: dict[str, list[Row]] = {}
    for row in dataset:
        if row["input_id"] in held_out:
            raise ValueError(
                f"input {row['input_id']} of task {row['task']} is in the training dataset and "
                "held out; a classifier may not see the inputs that it is scored on"
            )
        if row["slice"] == "train":
            training.setdefault(row["property"], []).append(row)
    predictions = []
    for name in sorted(training):
        keys = [key for key, wanted in asked if wanted == name]
        if not keys:
            continue
        texts = [inputs[key]["input"] for key in keys]
        answers = _fitted(kind, training[name], inputs, seed).predict(texts)
        predictions += [
            guess(kind, inputs[key], name, str(answer))
            for key, answer in zip(keys, answers, strict=True)
        ]
    return predictions


def own_behavior(
    own: Mapping[Key, str | None], asked: Iterable[Key], inputs: Mapping[str, Row]
) -> list[Row]:
    """Predictions of a model that takes what its base itself did for what the target does."""
    return [
        guess("own_behavior", inputs[key], name, own.get((key, name)))
        for key, name in sorted(asked)
    ]


def guess(kind: str, item: Row, name: str, answer: str | None) -> Row:
    """A prediction that no model was asked for; no answer counts as wrong."""
    return {
        "kind": kind,
        "input_id": item["input_id"],
        "task": item["task"],
        "property": name,
        "answer": answer,
        "compliant": answer is not None,
    }


def _fitted(kind: str, rows: Sequence[Row], inputs: Mapping[str, Row], seed: int) -> Pipeline:
    """The learner, fitted; a nearest neighbor takes no weights, its text gives the first label."""
    labels = [row["label"] for row in rows]
    learner = TRAINED_BASELINES[kind](seed) if len(set(labels)) > 1 else _mode(seed)
    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True), learner
    )
    weights = {}
    if not isinstance(learner, KNeighborsClassifier):
        name = type(learner).__name__.lower()
        weights[f"{name}__sample_weight"] = [row["weight"] for row in rows]
    with warnings.catch_warnings():  # words are classes here, however many there are
        warnings.filterwarnings("ignore", message="The number of unique classes")
        return model.fit([inputs[row["input_id"]]["input"] for row in rows], labels, **weights)
