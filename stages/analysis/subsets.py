"""metrics/subsets.json: the gap on rows where privileged knowledge could show, and on the others.

Every subset is defined without looking at what self or cross answered.
"""

from collections.abc import Callable, Iterable, Sequence
from math import exp

from stages.analysis.baselines import TEXT_CLASSIFIER
from stages.analysis.gaps import Behavior, Pair, accuracies, behavior_of, gap, pairs
from stages.params import Params
from stages.published.figures import entropy_adjusted
from stages.storage.tables import Row

MEANING = {
    "all": "all informative rows",
    "disagreement": "the cross-predictor's base model itself does something else than the target",
    "agreement": "the cross-predictor's base model itself does what the target does",
    "text_baseline_wrong": "the text classifier trained on the cross-predictor's rows is wrong",
    "text_baseline_right": "it is right",
    "entropy_matched": "as many rows of each value of a cell as both M and M1 have",
    "changed": "M1 does something else than M did: stale labels are wrong here",
    "unchanged": "M1 does what M did",
    "undecided": "M1 gave the first token of its answer a probability under 0.5",
    "leaning": "a probability from 0.5 to 0.9",
    "decided": "a probability over 0.9",
}


def gaps_on_subsets(rows: Sequence[Row], params: Params) -> list[Row]:
    """The gap over all targets, and of each, on each subset of informative score rows.

    `target` is "all" for the gap over all targets; subsets without a pair are left out.
    """
    found = pairs(rows)
    tests = _tests(rows)
    table = []
    for target in ("all", *params.subjects):
        mine = [pair for pair in found if target in ("all", pair.other["target"])]
        for name, belongs in tests.items():
            chosen = [pair for pair in mine if belongs(pair)]
            if chosen:
                own, other = accuracies(chosen, params)
                table.append(
                    {
                        "target": target,
                        "subset": name,
                        "self": own,
                        "cross": other,
                        **gap(chosen, params)._asdict(),
                    }
                )
    return table


def _tests(rows: Sequence[Row]) -> dict[str, Callable[[Pair], bool]]:
    guessed = {
        behavior_of(row): row["correct"]
        for row in rows
        if row["kind"] == TEXT_CLASSIFIER and row["predictor"] == f"{row['target']}-cross"
    }
    matched = entropy_matched([row for row in rows if row["kind"] == "self"])

    def guess(pair: Pair) -> bool | None:
        return guessed.get(behavior_of(pair.other))

    def changed(pair: Pair) -> bool | None:
        before = pair.own["before"]
        return None if before is None else before != pair.own["truth"]

    def probability(pair: Pair) -> float:
        return exp(pair.own["target_logprob"])

    return {
        "all": lambda pair: True,
        "disagreement": lambda pair: pair.other["agree"] is False,
        "agreement": lambda pair: pair.other["agree"] is True,
        "text_baseline_wrong": lambda pair: guess(pair) is False,
        "text_baseline_right": lambda pair: guess(pair) is True,
        "entropy_matched": lambda pair: behavior_of(pair.own) in matched,
        "changed": lambda pair: changed(pair) is True,
        "unchanged": lambda pair: changed(pair) is False,
        "undecided": lambda pair: probability(pair) < 0.5,
        "leaning": lambda pair: 0.5 <= probability(pair) <= 0.9,
        "decided": lambda pair: probability(pair) > 0.9,
    }


def entropy_matched(rows: Sequence[Row]) -> set[Behavior]:
    """Behaviors of M1 matched with M's: of each value of a cell, as many as are in both.

    Self-training can make M1 monotonous and so easy to predict; on these rows the values of a cell
    are spread as both spread them (the paper's entropy adjustment). `rows` is one score row for
    each behavior.
    """
    return entropy_kept(rows, "before", "truth")[1]


def entropy_kept(
    rows: Iterable[Row], before: str, after: str
) -> tuple[set[Behavior], set[Behavior]]:
    """The behaviors that the entropy adjustment of two columns keeps: of `before`, of `after`.

    `rows` is one row for each behavior; those that lack one of the two are left out.
    """
    studies: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        if row[before] is not None and row[after] is not None:
            studies.setdefault((row["target"], row["seed"]), []).append(row)
    kept: tuple[set[Behavior], set[Behavior]] = set(), set()
    for study, found in studies.items():
        tables = (
            [
                {
                    "task": r["task"],
                    "string": r["input_id"],
                    "property": r["property"],
                    "answer": r[column],
                }
                for r in found
            ]
            for column in (before, after)
        )
        for behaviors, matched in zip(kept, entropy_adjusted(*tables), strict=True):
            behaviors.update((*study, row["string"], row["property"]) for row in matched)
    return kept
