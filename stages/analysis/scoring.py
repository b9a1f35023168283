"""Score rows: what was predicted joined with what was done.

The paper's rule (STUDY section 5, policy of its A.1.6): an object-level answer that does not
comply or has no value of the property excludes the row, which is counted; a prediction that does
not comply is wrong. Both sides were parsed alike before they come here, so equality is exact.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from stages.analysis.averages import Cell
from stages.storage.tables import Row
from stages.study.prompts import asked_properties
from stages.study.properties import PROPERTIES, property_value

Key = tuple[str, str]
"""(input_id, property)"""


def sample_values(
    behavior: Iterable[Row],
    inputs: Mapping[str, Row],
    properties: Sequence[str],
    *,
    compliant_only: bool = True,
) -> Iterator[tuple[str, str, str | None]]:
    """(input_id, property, value) of every answer; None where it does not comply or has none.

    With `compliant_only=False` a refusal, too, gets the value that its text has; an answer that
    chooses none of its options has none.
    """
    for answer in behavior:
        item = inputs[answer["input_id"]]
        given = {"options": item["options"], "trait_option": item["trait_option"]}
        for name in asked_properties(item, properties):
            if compliant_only or item["options"]:
                value = property_value(name, answer["response"], item["family"], **given)
            else:
                value = PROPERTIES[name].extract(answer["response"], **given)
            yield answer["input_id"], name, value or None


def most_common(values: Iterable[str]) -> str | None:
    """The most common value, on ties the one met first; None when there is none."""
    counts = Counter(values)
    return max(counts, key=counts.__getitem__) if counts else None


def property_values(
    behavior: Iterable[Row],
    inputs: Mapping[str, Row],
    properties: Sequence[str],
    *,
    compliant_only: bool = True,
) -> dict[Key, str | None]:
    """One value per input and property: over n samples the most common, on ties the lowest sample.

    Samples without a value have no vote; an input has None only where no sample has a value.
    """
    votes: dict[Key, list[str]] = {}
    ordered = sorted(behavior, key=lambda row: row["sample"])
    for key, name, value in sample_values(
        ordered, inputs, properties, compliant_only=compliant_only
    ):
        votes.setdefault((key, name), []).extend([value] if value is not None else [])
    return {key: most_common(values) for key, values in votes.items()}


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
        rows.append({
            **names, "input_id": key[0], "task": cell[0], "property": cell[1],
            "truth": value, "answer": prediction["answer"], "compliant": prediction["compliant"],
            "correct": same and (keep_noncompliant or prediction["compliant"]),
            "mode_answer": modes[cell], "mode_correct": modes[cell] == value,
            "predictor_own_behavior": did, "agree": None if did is None else did == value,
            "before": before.get(key), "target_logprob": logprobs[key[0]],
            "informative": cell in informative,
        })  # fmt: skip
    return rows


def excluded_counts(truth: Mapping[Key, str | None], inputs: Mapping[str, Row]) -> dict[Cell, int]:
    """How many inputs of each cell have no truth and so no score row."""
    counts: Counter[Cell] = Counter()
    for (key, name), value in truth.items():
        counts[inputs[key]["task"], name] += value is None
    return dict(sorted(counts.items()))
