"""How far the main numbers move from one training seed to the next, with the same inputs."""

from typing import Any

import pandas as pd

from stages.analysis.averages import mean, means
from stages.analysis.behaviors import own_rows
from stages.analysis.columns import select
from stages.analysis.primary import balanced, corrected_pairs, counted, too_little
from stages.analysis.rule import Rule
from stages.analysis.spreads import over_means
from stages.analysis.summary import informative_rows
from stages.storage.errors import StudyError
from stages.study.arms import CROSS, FRESH_SELF, SELF
from stages.study.design import Design

FEWEST = 2  # seeds, over which there is anything to say
NUMBERS = ("primary", "primary_raw", SELF, FRESH_SELF, CROSS, "mode")


def training_runs(scores: pd.DataFrame, rule: Rule, design: Design) -> dict[str, Any]:
    """The numbers of every target, and over all, of each training seed and how they are spread.

    A target that carries no primary comparison has the reason in its place, as in targets.json.
    `least` and `most` are those of any seed. Raises StudyError where there are too few seeds.
    """
    rows = informative_rows(scores)
    seeds = sorted(int(seed) for seed in scores["seed"].dropna().unique())
    if len(seeds) < FEWEST:
        raise StudyError(
            f"data/scores.parquet: training seeds {seeds}; {FEWEST} or more are needed: run "
            "`dvc exp run -S 'seeds=[0,1,2]' evaluate`"
        )
    pairs = counted(corrected_pairs(rows), rule)
    found: dict[str, dict[str, dict[int, float | None]]] = {}
    reasons = {}
    for target in design.subjects:
        own, compared = select(rows, target=target), select(pairs, target=target)
        found[target] = _by_seed(own, compared, seeds, rule)
        if reason := too_little(compared):
            reasons[target] = reason
            del found[target]["primary"], found[target]["primary_raw"]
    every = {
        name: {seed: mean(of[name][seed] for of in found.values() if name in of) for seed in seeds}
        for name in NUMBERS
    } | _primary(balanced(pairs), seeds, rule)
    return {
        "seeds": seeds,
        "confidence": rule.confidence,
        "all": _spread(every, rule),
        "targets": {
            target: _spread(of, rule) | ({"reason": reasons[target]} if target in reasons else {})
            for target, of in found.items()
        },
    }


def _by_seed(
    rows: pd.DataFrame, pairs: pd.DataFrame, seeds: list[int], rule: Rule
) -> dict[str, dict[int, float | None]]:
    """The numbers of one target, each by training seed."""

    arms = (SELF, FRESH_SELF, CROSS)
    return {
        **_primary(pairs, seeds, rule),
        **{kind: _of_seeds(select(rows, kind=kind), "correct", seeds, rule) for kind in arms},
        "mode": _of_seeds(own_rows(rows), "mode_correct", seeds, rule),
    }


def _primary(
    pairs: pd.DataFrame, seeds: list[int], rule: Rule
) -> dict[str, dict[int, float | None]]:
    """The primary comparison of some pairs, corrected and raw, by training seed."""
    columns = {"primary": "minus", "primary_raw": "raw"}
    return {name: _of_seeds(pairs, column, seeds, rule) for name, column in columns.items()}


def _of_seeds(
    table: pd.DataFrame, column: str, seeds: list[int], rule: Rule
) -> dict[int, float | None]:
    return {seed: means(select(table, seed=seed), rule, column)[column] for seed in seeds}


def _spread(found: dict[str, dict[int, float | None]], rule: Rule) -> dict[str, Any]:
    """Each number by seed: mean, deviation, interval, the least and the most of any seed."""
    told = {}
    for name, by_seed in found.items():
        there = {str(seed): value for seed, value in by_seed.items() if value is not None}
        if len(there) >= FEWEST:
            ends = {"least": min(there.values()), "most": max(there.values())}
            told[name] = over_means(there, rule, 2.0 if name == "primary" else 1.0) | ends
    return told
