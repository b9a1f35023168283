"""Score rows: what was predicted joined with what was done.

The paper's rule (STUDY section 5, policy of its A.1.6): an object-level answer that does not
comply or has no value of the property excludes the row, which is counted; a prediction that does
not comply is wrong. Both sides were parsed alike before they come here, so equality is exact.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping

from stages.storage.tables import Row
from stages.study.truth import Cell, Key


def score_rows(
    predictions: Iterable[Row],
    truth: Mapping[Key, str | None],
    names: Mapping[str, str | int],
    *,
    modes: Mapping[Cell, str],
    own: Mapping[Key, str | None],
    before: Mapping[Key, str | None],
    logprobs: Mapping[str, float],
    informative: Container[Cell],
    keep_noncompliant: bool = False,
) -> list[Row]:
    """A score row for each prediction whose truth has a value; repeats each count.

    `names` are target, predictor, kind and seed. `own` is what the predictor's base model itself
    did, `before` what the target did before training, `logprobs` the log-probability (nats) that
    the target gave the first token of its answer to an input. With `keep_noncompliant` a
    prediction that does not comply is right where its answer equals the truth, as in the published
    code.
    """
    rows = []
    for prediction in predictions:
        key = prediction["input_id"], prediction["property"]
        if (value := truth.get(key)) is None:
            continue
        cell = prediction["task"], prediction["property"]
        same = prediction["answer"] == value
        did = own.get(key)
        rows.append(
            {
                **names,
                "input_id": key[0],
                "task": cell[0],
                "property": cell[1],
                "truth": value,
                "answer": prediction["answer"],
                "compliant": prediction["compliant"],
                "correct": same and (keep_noncompliant or prediction["compliant"]),
                "mode_answer": modes[cell],
                "mode_correct": modes[cell] == value,
                "predictor_own_behavior": did,
                "agree": None if did is None else did == value,
                "before": before.get(key),
                "target_logprob": logprobs[key[0]],
                "informative": cell in informative,
            }
        )
    return rows


def excluded_counts(truth: Mapping[Key, str | None], inputs: Mapping[str, Row]) -> dict[Cell, int]:
    """How many inputs of each cell have no truth and so no score row."""
    counts: Counter[Cell] = Counter()
    for (key, name), value in truth.items():
        counts[inputs[key]["task"], name] += value is None
    return dict(sorted(counts.items()))
