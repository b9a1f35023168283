"""Score rows: what was predicted joined with what was done.

The paper's rule (arXiv 2410.13787, A.1.6): an object-level answer that does not comply or has no
value of the property excludes the row, which is counted; a prediction that does not comply is
wrong. Both sides were parsed alike before they come here, so equality is exact.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from stages.analysis.columns import modes, same
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
    answers = behavior[["input_id", "sample", "response"]].to_dict("records")
    found = property_values(answers, inputs, properties, compliant_only=compliant_only)
    return pd.DataFrame(
        [(key, inputs[key]["task"], name, value) for (key, name), value in found.items()],
        columns=["input_id", "task", "property", "value"],
        dtype=object,
    )


def score_rows(
    predictions: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    own: Mapping[str, pd.DataFrame],
    before: pd.DataFrame,
    logprobs: pd.Series,
    informative: Collection[Cell],
    keep_noncompliant: bool = False,
) -> pd.DataFrame:
    """A score row for each prediction whose truth has a value; repeats each count.

    `predictions` are about one target and training seed, of one arm or several; values tables say
    what the target did (`truth`), what it did `before` training, and what the base of each
    predictor itself did (`own`). `logprobs` has the log-probability (nats) that the target gave
    the first token of its answer to an input. With `keep_noncompliant` a prediction that does not
    comply is right where its answer equals the truth, as in the published code.
    """
    truth = truth.assign(mode_answer=modes(truth, "value", by=["task", "property"]))
    truth = truth.rename(columns={"value": "truth"}).drop(columns="task").dropna(subset="truth")
    rows = predictions.merge(truth, on=PLACE, validate="many_to_one")
    rows = rows.merge(_valued(before, "before"), on=PLACE, how="left", validate="many_to_one")
    bases = [_valued(did, "predictor_own_behavior").assign(predictor=p) for p, did in own.items()]
    rows = rows.merge(
        pd.concat(bases), on=["predictor", *PLACE], how="left", validate="many_to_one"
    )
    correct = same(rows["answer"], rows["truth"])
    if not keep_noncompliant:
        correct &= rows["compliant"]
    did = rows["predictor_own_behavior"]
    cells = zip(rows["task"], rows["property"], strict=True)
    return rows.assign(
        correct=correct,
        mode_correct=same(rows["mode_answer"], rows["truth"]),
        agree=same(did, rows["truth"]).astype(object).where(did.notna(), None),
        target_logprob=rows["input_id"].map(logprobs).astype(float),
        informative=np.fromiter((cell in informative for cell in cells), bool, len(rows)),
    )


def excluded_counts(truth: pd.DataFrame) -> pd.DataFrame:
    """How many inputs of each cell (task, property) have no truth and so no score row."""
    missing = truth.assign(excluded=truth["value"].isna().astype(int))
    return missing.groupby(["task", "property"], as_index=False)["excluded"].sum()


def _valued(values: pd.DataFrame, name: str) -> pd.DataFrame:
    return values.rename(columns={"value": name}).drop(columns="task")
