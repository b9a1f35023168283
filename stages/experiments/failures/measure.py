"""What the answers say where the published models failed: accuracy by question, target and arm.

A question with two answers is balanced as in the published study (arXiv 2410.13787, appendix
A.2.6), so that who always says one of them is right half the time: all rows of the rarer truth, and
as many of the other, drawn by (seed, question, input_id). Here an answer that cannot be read is
wrong, and the rows are the same for every arm; by the published rule it is dropped before the rows
are balanced. The other questions keep all rows and stand beside the most common truth of the same
rows.

Intervals are Wilson's. Several training seeds ask about one input again, so the interval is that
of as many rows as there are inputs.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.averages import difference
from stages.analysis.columns import group_codes, groups, same, select
from stages.analysis.rates import wilson
from stages.analysis.rounding import rounded, shown
from stages.analysis.rule import Rule
from stages.experiments.failures.params import Told
from stages.storage.tables import Row
from stages.study.arms import CROSS, FRESH_SELF, SELF, UNTRAINED
from stages.study.design import Design
from stages.study.splits import rng

FEWEST = 5  # inputs of the rarer truth; below that there is no number
TWO = ("true", "false")
KINDS = (SELF, FRESH_SELF, CROSS, UNTRAINED)
ABOUT = ["target", "seed", "condition", "task", "input_id"]
"""one thing that a target did"""


def numbers(rows: pd.DataFrame, told: Told, design: Design, rule: Rule) -> dict[str, Any]:
    """The numbers of each question about each target, and a count alone where there are too few."""
    return {
        "confidence": rule.confidence,
        "questions": [
            {"question": name, "target": target}
            | on_question(select(rows, condition=name, target=target), rule)
            for name in told.questions
            for target in design.subjects
        ],
    }


def on_question(rows: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """n behaviors, and the accuracy of each arm on those that count.

    `share_true` is how often the truth is true, `rarer` the number of inputs of the rarer truth
    that count; both of questions with two answers. `baseline` is the accuracy of who always says
    the most common answer, `baseline_other` of who takes the other behavior for the truth.
    Self minus cross is also given where both can be read: it may be a matter of form alone.
    """
    behaviors = _behaviors(rows)
    two = bool(len(rows)) and bool(rows["truth"].isin(TWO).all())
    kept = balanced(rows, rule.seed) if two else rows
    found: dict[str, Any] = {"n": len(behaviors), "two_valued": two}
    if two:
        found["share_true"] = _mean(behaviors["truth"].eq("true"))
        found["rarer"] = min(_inputs(select(kept, truth=value)) for value in TWO)
    found["too_few"] = (found["rarer"] if two else _inputs(kept)) < FEWEST
    if found["too_few"]:
        return found
    counted = _behaviors(kept)
    found["baseline"] = 0.5 if two else _mean(counted["mode_correct"])
    if counted["other_truth"].notna().all():
        found["baseline_other"] = _mean(same(counted["truth"], counted["other_truth"]))
    found["arms"] = [
        {"kind": kind, "predictor": predictor}
        | _arm(own, select(kept, kind=kind, predictor=predictor), two, rule)
        for kind in KINDS
        for (predictor,), own in groups(select(rows, kind=kind), "predictor")
    ]
    # One mean over all rows, as the accuracies are: tasks are not averaged one by one.
    whole = kept.assign(task=kept["condition"])
    own, cross = (select(whole, kind=kind) for kind in (SELF, CROSS))
    found["self_minus_cross"] = shown(difference(own, cross, rule))
    own, cross = (select(table, compliant=True) for table in (own, cross))
    found["self_minus_cross_read"] = shown(difference(own, cross, rule))
    return found


def balanced(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The rows about as many behaviors of either truth as the rarer has, of each training seed.

    What is drawn depends on the question and the inputs, so all arms keep the same ones.
    """
    about_N = group_codes(rows, ABOUT)
    behaviors = _behaviors(rows.assign(about=about_N))
    pairs = zip(behaviors["condition"], behaviors["input_id"], strict=True)
    drawn = behaviors.assign(draw=[rng(seed, *pair).random() for pair in pairs])
    kept = [np.array([], dtype=np.int64)]
    for _, own in groups(drawn.sort_values("draw", kind="stable"), "target", "seed", "condition"):
        either = [select(own, truth=value) for value in TWO]
        kept += [one["about"].to_numpy()[: min(map(len, either))] for one in either]
    return rows[np.isin(about_N, np.concatenate(kept))]


def plot(numbers: Mapping[str, Any]) -> list[Row]:
    """A point for each arm of each question about each target, and one for the baseline."""
    points = []
    for found in numbers["questions"]:
        about = {"question": found["question"], "target": found["target"]}
        for arm in found.get("arms", []):
            names = ("accuracy", "ci_low", "ci_high", "n")
            points.append(about | {"kind": arm["kind"]} | {name: arm[name] for name in names})
        if "baseline" in found:
            points.append(about | {"kind": "baseline", "accuracy": found["baseline"]})
    return points


def _arm(rows: pd.DataFrame, kept: pd.DataFrame, two: bool, rule: Rule) -> dict[str, Any]:
    """Accuracy of one arm by our rule and the published one, and how often it can be read.

    `changed` is the accuracy where the other behavior is not the truth.
    """
    read = select(rows, compliant=True)
    published = balanced(read, rule.seed) if two else read
    found = _rate(kept, rule) | {"compliance": _mean(rows["compliant"])}
    if two:
        found["says_true"] = _mean(read["answer"].eq("true"))
    if _inputs(published) >= (2 * FEWEST if two else FEWEST):
        found["published"] = _rate(published, rule)
    changed = kept[kept["other_truth"].notna() & ~same(kept["truth"], kept["other_truth"])]
    if _inputs(changed) >= FEWEST:
        found["changed"] = _rate(changed, rule)
    return found


def _rate(rows: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    """The share of rows that are right, with Wilson's interval of as many rows as inputs."""
    share = int(rows["correct"].sum()) / len(rows)
    low, high = wilson(share * _inputs(rows), _inputs(rows), rule.confidence)
    return rounded({"accuracy": share, "ci_low": low, "ci_high": high, "n": len(rows)})


def _behaviors(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each thing that a target did."""
    return rows.drop_duplicates(ABOUT, keep="last")


def _inputs(rows: pd.DataFrame) -> int:
    return len(rows.drop_duplicates(["task", "input_id"]))


def _mean(values: pd.Series) -> float | None:
    return rounded(int(values.sum()) / len(values)) if len(values) else None
