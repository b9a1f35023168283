"""What a predictor must beat without introspection: modes, and learners that see only the input.

The learners are fitted on the rows that a predictor was trained on, one per property, so they
know what it could know without knowing the model; one is fitted on scored rows of other inputs.
"""

import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stages.storage.errors import StudyError
from stages.storage.tables import Row
from stages.study.splits import rng

TEXT_CLASSIFIER, OWN_BEHAVIOR = "text_classifier", "own_behavior"
CROSS_FITTED, EMBEDDING_CLASSIFIER = "text_classifier_cross_fitted", "embedding_classifier"
FOLDS = 5
GRAMS = CountVectorizer(analyzer="char_wb", ngram_range=(1, 4)).build_analyzer()
GUESS = ["input_id", "task", "property", "answer"]
Guess = Callable[[Sequence[str]], Iterable[object]]
"""the answers of a fitted learner to inputs by their ids"""
Embeddings = Mapping[str, np.ndarray]
"""input_id -> what a model makes of its object-level prompt"""


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
    kind: str, dataset: pd.DataFrame, asked: pd.DataFrame, inputs: Mapping[str, Row], *, seed: int
) -> pd.DataFrame:
    """Predictions of a learner that was fitted on slice train of a dataset, sorted by property.

    `asked` has input_id, task and property. A property that the dataset lacks gets no prediction.
    Raises StudyError where a dataset row is one of the inputs that are asked for.
    """
    return _guessed(kind, dataset, asked, lambda rows: _of_texts(kind, rows, inputs, seed))


def embedding_classifier(
    dataset: pd.DataFrame, asked: pd.DataFrame, embeddings: Embeddings, *, seed: int
) -> pd.DataFrame:
    """The same of a logistic regression on what a model makes of the input, whatever it answers.

    It knows all that can be had from that model's view of the input without asking it. Raises
    StudyError, too, where an input has no embedding.
    """
    for rows in (dataset, asked):
        missing = rows[~rows["input_id"].isin(list(embeddings))]
        if len(missing):
            row = missing.iloc[0]
            raise StudyError(
                f"data/embeddings: no row about input {row['input_id']} of task {row['task']}; run "
                "`dvc repro` so that it is of the same params"
            )
    return _guessed(
        EMBEDDING_CLASSIFIER, dataset, asked, lambda rows: _of_embeddings(rows, embeddings, seed)
    )


def _guessed(
    kind: str,
    dataset: pd.DataFrame,
    asked: pd.DataFrame,
    fitted: Callable[[pd.DataFrame], Guess],
) -> pd.DataFrame:
    """Predictions by property; `fitted` makes the learner of the training rows of one."""
    seen = dataset[dataset["input_id"].isin(asked["input_id"])]
    if len(seen):
        row = seen.iloc[0]
        raise StudyError(
            f"input {row['input_id']} of task {row['task']} is in the training dataset and held "
            "out; a classifier may not see the inputs that it is scored on"
        )
    training = dataset[dataset["slice"] == "train"]
    asked = asked.sort_values(["input_id", "property"])
    predictions = []
    for name in sorted(training["property"].unique()):
        rows = asked[asked["property"] == name]
        if len(rows):
            answers = fitted(training[training["property"] == name])(rows["input_id"].tolist())
            predictions.append(rows.assign(answer=[str(answer) for answer in answers]))
    return guesses(kind, pd.concat(predictions) if predictions else asked[:0].assign(answer=None))


def cross_fitted(truth: pd.DataFrame, inputs: Mapping[str, Row], *, seed: int) -> pd.DataFrame:
    """What the text alone tells of what a target did, by what it did on other scored inputs.

    `truth` has input_id, task, property and value. Its inputs are in five folds, each by itself,
    and those of a fold are guessed by a text classifier that was fitted on the others: so no label
    that a predictor was taught decides what is guessed.
    """
    fold = truth["input_id"].map(lambda key: rng(seed, "folds", key).randrange(FOLDS))
    labels = truth.rename(columns={"value": "label"}).assign(weight=1.0, slice="train")
    known = labels["label"].notna()
    asked = truth[["input_id", "task", "property"]]
    guessed = [
        trained_baseline(
            TEXT_CLASSIFIER, labels[known & (fold != n)], asked[fold == n], inputs, seed=seed
        )
        for n in range(FOLDS)
    ]
    return pd.concat(guessed).assign(kind=CROSS_FITTED)


def own_behavior(own: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Predictions of a model that takes what its base itself did for what the target does.

    `own` has input_id, property and the value of what it did.
    """
    did = own[["input_id", "property", "value"]].rename(columns={"value": "answer"})
    asked = asked.sort_values(["input_id", "property"])
    return guesses(OWN_BEHAVIOR, asked.merge(did, on=["input_id", "property"], how="left"))


def guesses(kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Predictions that no model was asked for; no answer counts as wrong."""
    return rows[GUESS].assign(kind=kind, compliant=rows["answer"].notna())


@lru_cache(maxsize=2**13)
def _grams(text: str) -> tuple[str, ...]:
    """The character 1- to 4-grams of a text, which each property and each fold asks for again."""
    return tuple(map(sys.intern, GRAMS(text)))


def _of_texts(kind: str, rows: pd.DataFrame, inputs: Mapping[str, Row], seed: int) -> Guess:
    """The learner, fitted; a nearest neighbor takes no weights, its text gives the first label."""
    labels = rows["label"].tolist()
    learner = TRAINED_BASELINES[kind](seed) if len(set(labels)) > 1 else _mode(seed)
    model = make_pipeline(TfidfVectorizer(analyzer=_grams, sublinear_tf=True), learner)
    weights = {}
    if not isinstance(learner, KNeighborsClassifier):
        name = type(learner).__name__.lower()
        weights[f"{name}__sample_weight"] = rows["weight"].tolist()
    with warnings.catch_warnings():  # words are classes here, however many there are
        warnings.filterwarnings("ignore", message="The number of unique classes")
        model.fit([inputs[key]["input"] for key in rows["input_id"]], labels, **weights)
    return lambda keys: model.predict([inputs[key]["input"] for key in keys])


def _of_embeddings(rows: pd.DataFrame, embeddings: Embeddings, seed: int) -> Guess:
    labels = rows["label"].tolist()
    several = len(set(labels)) > 1
    learner = LogisticRegression(C=1.0, max_iter=1000, random_state=seed) if several else _mode(0)
    name = type(learner).__name__.lower()
    model = make_pipeline(StandardScaler(), learner)

    def seen(keys: Iterable[str]) -> np.ndarray:
        return np.stack([embeddings[key] for key in keys]).astype(float)

    with warnings.catch_warnings():  # words are classes here, however many there are
        warnings.filterwarnings("ignore", message="The number of unique classes")
        model.fit(
            seen(rows["input_id"]), labels, **{f"{name}__sample_weight": rows["weight"].tolist()}
        )
    return lambda keys: model.predict(seen(keys))
