"""What the answers say where the published models failed: accuracy by question, target and arm.

A question with two answers is balanced as in the published study (STUDY section 8), so that who
always says one of them is right half the time: all rows of the rarer truth, and as many of the
other, drawn by (seed, question, input_id). Here an answer that cannot be read is wrong, and the
rows are the same for every arm; by the published rule it is dropped before the rows are balanced.
The other questions keep all rows and stand beside the most common truth of the same rows.

Intervals are Wilson's. Several training seeds ask about one input again, so the interval is that
of as many rows as there are inputs.
"""

from collections.abc import Sequence
from typing import Any

from stages.analysis.intervals import wilson
from stages.analysis.outcomes import difference, groups
from stages.params import Params
from stages.storage.tables import Row
from stages.study.splits import rng

FEWEST = 5  # inputs of the rarer truth; below that there is no number
TWO = {"true", "false"}
KINDS = ("self", "fresh_self", "cross", "untrained")


def numbers(rows: Sequence[Row], params: Params) -> dict[str, Any]:
    """The numbers of each question about each target, and a count alone where there are too few."""
    told = params.experiments.failures
    return {
        "confidence": params.evaluate.confidence,
        "questions": [
            {"question": name, "target": target}
            | on_question(
                [r for r in rows if (r["condition"], r["target"]) == (name, target)], params
            )
            for name in told.questions
            for target in params.subjects
        ],
    }


def on_question(rows: Sequence[Row], params: Params) -> dict[str, Any]:
    """n behaviors, and the accuracy of each arm on those that count.

    `share_true` is how often the truth is true, `rarer` the number of inputs of the rarer truth
    that count; both of questions with two answers. `baseline` is the accuracy of who always says
    the most common answer, `baseline_other` of who takes the other behavior for the truth.
    Self minus cross is also given where both can be read: it may be a matter of form alone.
    """
    behaviors = _behaviors(rows)
    two = bool(rows) and {row["truth"] for row in rows} <= TWO
    kept = balanced(rows, params.seed) if two else list(rows)
    found: dict[str, Any] = {"n": len(behaviors), "two_valued": two}
    if two:
        found["share_true"] = _mean([row["truth"] == "true" for row in behaviors])
        found["rarer"] = min(_inputs([r for r in kept if r["truth"] == value]) for value in TWO)
    found["too_few"] = (found["rarer"] if two else _inputs(kept)) < FEWEST
    if found["too_few"]:
        return found
    counted = _behaviors(kept)
    found["baseline"] = 0.5 if two else _mean([row["mode_correct"] for row in counted])
    if all(row["other_truth"] is not None for row in counted):
        found["baseline_other"] = _mean([row["truth"] == row["other_truth"] for row in counted])
    named = sorted(groups(rows, "kind", "predictor"), key=lambda arm: (KINDS.index(arm[0]), arm[1]))
    found["arms"] = [
        {"kind": kind, "predictor": predictor}
        | _arm(*(_of(table, kind, predictor) for table in (rows, kept)), two, params)
        for kind, predictor in named
    ]
    # One mean over all rows, as the accuracies are: tasks are not averaged one by one.
    whole = [row | {"task": row["condition"]} for row in kept]
    own, cross = ([row for row in whole if row["kind"] == kind] for kind in ("self", "cross"))
    found["self_minus_cross"] = difference(own, cross, params)
    found["self_minus_cross_read"] = difference(
        *([row for row in table if row["compliant"]] for table in (own, cross)), params
    )
    return found


def balanced(rows: Sequence[Row], seed: int) -> list[Row]:
    """The rows about as many behaviors of either truth as the rarer has, of each training seed.

    What is drawn depends on the question and the inputs, so all arms keep the same ones.
    """
    kept: set[tuple] = set()
    for own in groups(_behaviors(rows), "target", "seed", "condition").values():
        drawn = sorted(own, key=lambda r: rng(seed, r["condition"], r["input_id"]).random())
        size = min(sum(row["truth"] == value for row in own) for value in TWO)
        for value in TWO:
            kept |= {_about(row) for row in [r for r in drawn if r["truth"] == value][:size]}
    return [row for row in rows if _about(row) in kept]


def plot(numbers: dict[str, Any]) -> list[Row]:
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


def _arm(rows: Sequence[Row], kept: Sequence[Row], two: bool, params: Params) -> dict[str, Any]:
    """Accuracy of one arm by our rule and the published one, and how often it can be read.

    `changed` is the accuracy where the other behavior is not the truth.
    """
    read = [row for row in rows if row["compliant"]]
    published = balanced(read, params.seed) if two else read
    found = _rate(kept, params) | {"compliance": _mean([row["compliant"] for row in rows])}
    if two:
        found["says_true"] = _mean([row["answer"] == "true" for row in read])
    if _inputs(published) >= (2 * FEWEST if two else FEWEST):
        found["published"] = _rate(published, params)
    changed = [row for row in kept if row["other_truth"] not in (None, row["truth"])]
    if _inputs(changed) >= FEWEST:
        found["changed"] = _rate(changed, params)
    return found


def _rate(rows: Sequence[Row], params: Params) -> dict[str, Any]:
    """The share of rows that are right, with Wilson's interval of as many rows as inputs."""
    share = sum(row["correct"] for row in rows) / len(rows)
    low, high = wilson(share * _inputs(rows), _inputs(rows), params.evaluate.confidence)
    return {
        "accuracy": round(share, 4),
        "ci_low": round(low, 4),
        "ci_high": round(high, 4),
        "n": len(rows),
    }


def _behaviors(rows: Sequence[Row]) -> list[Row]:
    """One row for each thing that a target did."""
    return list({_about(row): row for row in rows}.values())


def _inputs(rows: Sequence[Row]) -> int:
    return len({(row["task"], row["input_id"]) for row in rows})


def _about(row: Row) -> tuple:
    return row["target"], row["seed"], row["condition"], row["task"], row["input_id"]


def _of(rows: Sequence[Row], kind: str, predictor: str) -> list[Row]:
    return [row for row in rows if (row["kind"], row["predictor"]) == (kind, predictor)]


def _mean(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
