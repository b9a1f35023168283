"""Score rows: what was predicted joined with what was done.

The paper's rule (arXiv 2410.13787, A.1.6): an object-level answer that does not comply or has no
value of the property excludes the row, which is counted; a prediction that does not comply is
wrong. Both sides were parsed alike before they come here, so equality is exact.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from stages.analysis.columns import modes, records, same
from stages.storage.tables import Row
from stages.study.truth import Cell, property_values

PLACE = ["input_id", "property"]


def values_table(
    behavior: pd.DataFrame,
    inputs: Mapping[str, Row],
    properties: Sequence[str],
    *,
    compliant_only: bool = True,
) -> pd.DataFrame:
    """What a subject did: input_id, task, property, value (missing where there is none)."""
    answers = records(behavior[["input_id", "sample", "response"]])
    found = property_values(answers, inputs, properties, compliant_only=compliant_only)
    return pd.DataFrame(
        [(key, inputs[key]["task"], name, value) for (key, name), value in found.items()],
        columns=["input_id", "task", "property", "value"],
        dtype=object,
    )


@dataclass(frozen=True)
class Known:
    """What a score row tells beside prediction and truth, of one target and training seed."""

    own: Mapping[str, pd.DataFrame]
    """predictor -> what its base model itself did"""
    before: pd.DataFrame
    """what the target did before training"""
    logprobs: pd.Series
    """input_id -> log-probability (nats) that the target gave the first token of its answer"""
    informative: Collection[Cell]


def score_rows(
    predictions: pd.DataFrame,
    truth: pd.DataFrame,
    known: Known,
    *,
    keep_noncompliant: bool = False,
) -> pd.DataFrame:
    """A score row for each prediction whose truth has a value; repeats each count.

    `predictions` are of one arm or several, `truth` is what their target did. With
    `keep_noncompliant` a prediction that does not comply is right where its answer equals the
    truth, as in the published code.
    """
    truth = truth.assign(mode_answer=modes(truth, "value", by=["task", "property"]))
    truth = truth.rename(columns={"value": "truth"}).drop(columns="task").dropna(subset="truth")
    rows = predictions.merge(truth, on=PLACE, validate="many_to_one")
    before = _valued(known.before, "before")
    rows = rows.merge(before, on=PLACE, how="left", validate="many_to_one")
    own = pd.concat(
        _valued(did, "predictor_own_behavior").assign(predictor=predictor)
        for predictor, did in known.own.items()
    )
    rows = rows.merge(own, on=["predictor", *PLACE], how="left", validate="many_to_one")
    correct = same(rows["answer"], rows["truth"])
    if not keep_noncompliant:
        correct &= rows["compliant"]
    did = rows["predictor_own_behavior"]
    cells = zip(rows["task"], rows["property"], strict=True)
    return rows.assign(
        correct=correct,
        mode_correct=same(rows["mode_answer"], rows["truth"]),
        agree=same(did, rows["truth"]).astype(object).where(did.notna(), None),
        target_logprob=rows["input_id"].map(known.logprobs).astype(float),
        informative=[cell in known.informative for cell in cells],
    )


def excluded_counts(truth: pd.DataFrame) -> pd.DataFrame:
    """How many inputs of each cell (task, property) have no truth and so no score row."""
    missing = truth.assign(excluded=truth["value"].isna().astype(int))
    return missing.groupby(["task", "property"])["excluded"].sum().reset_index()


def _valued(values: pd.DataFrame, name: str) -> pd.DataFrame:
    return values.rename(columns={"value": name}).drop(columns="task")
