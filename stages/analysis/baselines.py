"""What a predictor must beat: the most common answer, and a classifier that sees only the input."""

import warnings
from collections.abc import Iterable, Mapping

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from stages.analysis.averages import Cell
from stages.analysis.scoring import Key, most_common
from stages.storage.tables import Row

TEXT_CLASSIFIER = "text_classifier"


def mode_answers(truth: Mapping[Key, str | None], inputs: Mapping[str, Row]) -> dict[Cell, str]:
    """The most common truth of each (task, property); on ties the one met first.

    Taken from the test rows themselves, as published: an in-sample oracle (STUDY section 5, 6.).
    """
    values: dict[Cell, list[str]] = {}
    for (key, name), value in truth.items():
        if value is not None:
            values.setdefault((inputs[key]["task"], name), []).append(value)
    return {cell: str(most_common(found)) for cell, found in values.items()}


def text_classifier(
    dataset: Iterable[Row],
    asked: Iterable[Key],
    inputs: Mapping[str, Row],
    *,
    seed: int,
) -> list[Row]:
    """Predictions of a linear classifier on character 1- to 4-grams of the input's text.

    One classifier per property, trained on the rows that the cross-predictors are trained on
    (slice train of the target's dataset). A property that this dataset lacks gets no prediction.
    Raises ValueError where a dataset row is one of the inputs that are asked for.
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
        answers = _classify(
            [(inputs[r["input_id"]]["input"], r["label"], r["weight"]) for r in training[name]],
            [inputs[key]["input"] for key in keys],
            seed,
        )
        predictions += [
            {
                "kind": TEXT_CLASSIFIER, "input_id": key, "task": inputs[key]["task"],
                "property": name, "answer": answer, "compliant": True,
            }
            for key, answer in zip(keys, answers, strict=True)
        ]  # fmt: skip
    return predictions


def _classify(training: list[tuple[str, str, float]], texts: list[str], seed: int) -> list[str]:
    """Labels of `texts`, learned from (text, label, weight)."""
    known, labels, weights = zip(*training, strict=True)
    if len(set(labels)) == 1:
        return [labels[0]] * len(texts)
    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True),
        LogisticRegression(C=10.0, max_iter=1000, random_state=seed),
    )
    with warnings.catch_warnings():  # words are classes here, however many there are
        warnings.filterwarnings("ignore", message="The number of unique classes")
        model.fit(known, labels, logisticregression__sample_weight=weights)
    return [str(label) for label in model.predict(texts)]
