"""Whether two runs of one study are the same within rounding, as on two processors.

M's weights are the same in both, so its own answers are too, but where two tokens were nearly alike
(`near_tie`). Adapters are trained, and differ by rounding: so headline numbers may, by as little as
chance may move them.

Several numbers are looked at, so one is apart where its difference is beyond chance corrected for
their number (Holm): else of two runs that differ by rounding alone every few would fail.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from stages.analysis.baselines import OWN_BEHAVIOR
from stages.analysis.columns import records, same, select
from stages.analysis.intervals import NOISE
from stages.analysis.rule import Rule
from stages.comparison.differences import Difference
from stages.comparison.sharing import Shared
from stages.study.arms import UNTRAINED

LARGEST = 0.02
"""by which a headline number may differ"""
LEAST_SHARED = 0.98
"""share of the rows of either version that the other must have, too: where M1 gives no answer that
complies there is no row"""
COUNTS = ("inputs",)
"""headline numbers that are no shares; shared rows tell of them"""
NAMED = 3  # rows that are named


class Sameness(NamedTuple):
    """What speaks against it, and what rounding accounts for."""

    problems: list[str]
    answers: int
    """of M, that were compared"""
    ties: int
    """of them, that differ where two tokens were nearly alike"""


def sameness(
    both: Shared,
    numbers: tuple[Mapping[str, float], Mapping[str, float]],
    found: Mapping[str, Difference],
    rule: Rule,
) -> Sameness:
    """Compare two versions: their shared rows, headline numbers, and how these differ."""
    one, other = (select(rows, kind=(UNTRAINED, OWN_BEHAVIOR)) for rows in (both.one, both.other))
    stayed = same(one["answer"], other["answer"]) | (one["answer"].isna() & other["answer"].isna())
    near = one["near_tie"].eq(True) | other["near_tie"].eq(True)
    problems = [*_few(both), *_others(one[~stayed & ~near]), *_apart(numbers, found, rule)]
    if one.empty:
        problems.append("no answer of M is in both versions, so that none can be compared")
    return Sameness(problems, len(one), int((~stayed & near).sum()))


def _few(both: Shared) -> Iterator[str]:
    for which, alone in zip(("first", "second"), both.only, strict=True):
        every = len(both.one) + alone
        if len(both.one) < LEAST_SHARED * every:
            yield f"{alone:,} of the {every:,} rows of the {which} version are not in the other"


def _others(rows: pd.DataFrame) -> Iterator[str]:
    """M's answers that differ and that no near tie accounts for."""
    if len(rows):
        yield f"{len(rows):,} of M's own answers differ, and no near tie accounts for it:"
    for row in records(rows)[:NAMED]:
        asked = "did" if row["kind"] == OWN_BEHAVIOR else f"said of {row['target']}"
        yield (
            f"  what {row['predictor']} {asked}: {row['property']} of input {row['input_id']} "
            f"of task {row['task']}"
        )


def _apart(
    numbers: tuple[Mapping[str, float], Mapping[str, float]],
    found: Mapping[str, Difference],
    rule: Rule,
) -> Iterator[str]:
    one, other = numbers
    for name in dict.fromkeys([*one, *other]):
        if name not in one or name not in other:
            yield f"{name} is a number of one version alone"
        elif name not in COUNTS and abs(other[name] - one[name]) > LARGEST + NOISE:
            yield f"{name} is {one[name]:.4f} and {other[name]:.4f}: over {LARGEST} apart"
        elif name in found and found[name].is_beyond_chance(rule):
            of = found[name].estimate
            yield (
                f"{name} differs by {of.estimate:+.4f} ({of.ci_low:+.4f} to {of.ci_high:+.4f}), "
                "beyond chance"
            )
