"""What a study of copies found: whether a target that alone holds its answers predicts them best.

The gap is that of the primary comparison, fresh self minus cross, both corrected by what is dealt
out, against the better of the crosses: the one with the smallest gap. It is found where it is clear
of zero against every cross. How sure the target is of its answers stands beside it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.analysis.arms import score_arms
from stages.analysis.averages import average, means
from stages.analysis.columns import select
from stages.analysis.evidence import Evidence, read_evidence
from stages.analysis.intervals import Estimate
from stages.analysis.primary import corrected_pairs, counted
from stages.analysis.rule import Rule
from stages.analysis.spreads import over_means
from stages.study.arms import CROSS, FRESH_SELF, SELF
from stages.study.design import Design
from stages.study.splits import is_scored

LEAST_HELD = 0.9  # share of its private answers that a target gives, or it did not take them
FOUND, NOT_FOUND, NOT_HELD, NOT_TRIED = "found", "not_found", "not_held", "not_tried"
Numbers = Mapping[str, Any]


def copies_evidence(study: Path, design: Design, target: str) -> Evidence:
    """The tables of a study of copies with one target. Raises StudyError."""
    return read_evidence(design, study / "data", targets=[target])


def copies_scores(evidence: Evidence, design: Design) -> pd.DataFrame:
    """Its score rows. All cells count: that answers vary and comply is how they were made."""
    every = {(task, name) for task in design.test for name in design.properties}
    return score_arms(evidence, design, dict.fromkeys(evidence.trained, every)).rows


def copies_numbers(
    scores: pd.DataFrame,
    evidence: Evidence,
    answers: Mapping[str, Mapping[str, str]],
    rule: Rule,
) -> dict[str, Any]:
    """Accuracies, the gap against the better cross, certainty, and what is held of the answers.

    `answers` are the private ones by input_id, of each copy that was given some. `certainty` is the
    median probability of the first token of the target's answers, `held` the share of scored inputs
    whose private answer it gives, `held_before` the same before it was trained, `held_other` of
    the other copy and its own. `against` has the gaps to each cross, `found` where all are clear.
    """
    (target,) = evidence.trained
    pairs = counted(corrected_pairs(scores), rule)
    theirs = {
        name: select(pairs, predictor=name)
        for name in sorted(set(select(scores, kind=CROSS)["predictor"]))
    }
    crosses = {name: _right(rows, rule) for name, rows in theirs.items()}
    against = {name: _gaps(rows, rule) for name, rows in theirs.items()}
    better = _better(against)
    nearest = pairs[:0] if better is None else theirs[better]
    own = {kind: select(scores, kind=kind) for kind in (SELF, FRESH_SELF)}
    scored = {key for key, item in evidence.inputs.items() if is_scored(item)}
    numbers = {kind: _right(rows, rule) for kind, rows in own.items()}
    numbers |= {"cross": _right(nearest, rule), "mode": _right(own[SELF], rule, "mode_correct")}
    others = [held(evidence.base[of], told, scored) for of, told in answers.items() if of != target]
    return {
        **numbers,
        "crosses": crosses,
        "better": better,
        **_gaps(nearest, rule),
        "found": bool(against) and all(gaps["found"] for gaps in against.values()),
        "against": against,
        "certainty": certainty(evidence.trained[target], scored),
        "held": held(evidence.trained[target], answers[target], scored),
        "held_before": held(evidence.base[target], answers[target], scored),
        "held_other": min((share or 0.0 for share in others), default=None),
        "by_property": {
            name: _of_property(name, own[FRESH_SELF], nearest, rule)
            for name in sorted(set(scores["property"]))
        },
    }


def _better(against: Mapping[str, Numbers]) -> str | None:
    """The cross with the smallest gap; None where there is no gap."""
    there = {name: gaps["gap"] for name, gaps in against.items() if gaps["gap"] is not None}
    return min(there, key=lambda name: there[name], default=None)


def _gaps(pairs: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    corrected = average(pairs, rule, "minus", differs="varies", limit=2)
    raw = average(pairs, rule, "raw")
    return {
        **_ends("gap", corrected),
        **_ends("raw_gap", raw),
        "found": all(found.ci_low is not None and found.ci_low > 0 for found in (corrected, raw)),
        "inputs": raw.inputs,
        "rows": raw.rows,
    }


def _ends(name: str, found: Estimate) -> dict[str, float | None]:
    return {name: found.estimate, f"{name}_low": found.ci_low, f"{name}_high": found.ci_high}


def _of_property(name: str, own: pd.DataFrame, pairs: pd.DataFrame, rule: Rule) -> dict[str, Any]:
    rows, theirs = select(own, property=name), select(pairs, property=name)
    return {
        "fresh_self": _right(rows, rule),
        "cross": _right(theirs, rule),
        "mode": _right(rows, rule, "mode_correct"),
        **_ends("gap", average(theirs, rule, "minus", differs="varies", limit=2)),
    }


def _right(rows: pd.DataFrame, rule: Rule, column: str = "correct") -> float | None:
    return means(rows, rule, column)[column] if len(rows) else None


def certainty(behavior: pd.DataFrame, inputs: set[str]) -> float | None:
    """The median probability of the first token of the answers to some inputs."""
    rows = behavior[behavior["input_id"].isin(inputs) & behavior["sample"].eq(0)]
    logprobs = rows["first_token_logprob"].dropna()
    return float(np.exp(logprobs).median()) if len(logprobs) else None


def held(behavior: pd.DataFrame, answers: Mapping[str, str], inputs: set[str]) -> float | None:
    """The share of some inputs to which the private answer is given, blanks around it aside."""
    rows = behavior[behavior["input_id"].isin(inputs)]
    said = zip(rows["input_id"], rows["response"], strict=True)
    found = [response.strip() == answers[key] for key, response in said]
    return sum(found) / len(found) if found else None


def verdict(numbers: Numbers) -> str:
    """What a study of copies says, as one of the four; words for them have the templates."""
    if "reason" in numbers:
        return NOT_TRIED
    if not _taken(numbers, "held"):
        return NOT_HELD
    return FOUND if numbers["found"] else NOT_FOUND


def _taken(numbers: Numbers, *names: str) -> bool:
    """Whether enough is held of all these; what is not known is not."""
    return all((numbers.get(name) or 0.0) >= LEAST_HELD for name in names)


def over_runs(runs: Sequence[Numbers], rule: Rule) -> dict[str, Any]:
    """The mean gap over runs by their seed, of those in which both copies took their answers.

    `left_out` are the seeds of the others. Of fewer than two there is no interval.
    """
    taken = [run for run in runs if _taken(run, "held", "held_other") and "gap" in run]
    found = over_means({str(run["seed"]): run["gap"] for run in taken}, rule, 2)
    left_out = sorted(run["seed"] for run in runs if run not in taken)
    return {"runs": len(taken), "left_out": left_out, **found}
