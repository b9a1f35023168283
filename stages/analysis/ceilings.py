"""What an arm gets where the answer that it is asked about stands in the question: its ceiling.

An arm that does not beat the most common value so cannot read the property off an answer that it
sees; what it says of an answer that it does not see then says nothing about what it knows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from stages.analysis.pilot import Pilot
from stages.analysis.rates import exact_better_p
from stages.analysis.rule import Ceiling
from stages.storage.tables import Row
from stages.study.arms import CROSS, FRESH_SELF
from stages.study.truth import Cell

COMPARED = (FRESH_SELF, CROSS)
"""the arms of the primary comparison"""
DECIMALS = 9  # of a difference of two shares, so that 0.4 - 0.3 is no more than 0.1
Values = Mapping[str, str | None]
"""pilot input -> value of M1's answer; None where it does not comply or has none"""


def ceiling_rows(
    target: str, cell: Cell, pilot: Pilot, values: Mapping[int, Values]
) -> Iterator[Row]:
    """The `ceilings` of a cell: a row for each trained arm about the target.

    `values` has by training seed what M1 did. The mode is the most common of the values that the
    arm was shown, on ties the first in sorted order; both accuracies are on these rows.
    """
    for arm, said in pilot.said.items():
        if arm.target != target or arm.seed is None:
            continue
        truth = values[arm.seed]
        shown = [
            (row["answer"] if row["compliant"] else None, truth[row["input_id"]])
            for row in said
            if row["property"] == cell[1] and truth.get(row["input_id"]) is not None
        ]
        counts = Counter(value for _, value in shown)
        mode = max(sorted(counts, key=str), key=counts.__getitem__, default=None)
        right = [(answer == value, mode == value) for answer, value in shown]
        yield {
            "predictor": arm.predictor,
            "kind": arm.kind,
            "seed": arm.seed,
            "ceiling": fmean(arm for arm, _ in right) if right else None,
            "mode": fmean(common for _, common in right) if right else None,
            "rows": len(right),
            "p_value": exact_better_p(right.count((True, False)), right.count((False, True))),
        }


def cannot_read(ceilings: Sequence[Row], limit: Ceiling) -> str | None:
    """Why a cell does not count by its ceilings, in words; None where it does.

    Of models that are not trained there are none, and nothing is asked of them.
    """
    compared = [row for row in ceilings if row["kind"] in COMPARED]
    rows = min((row["rows"] for row in compared), default=limit.min_rows)
    if rows < limit.min_rows:
        return f"{rows} pilot rows with an answer, fewer than {limit.min_rows}"
    several = len({row["seed"] for row in compared}) > 1
    weak = [
        f"{row['predictor']}{' (seed ' + str(row['seed']) + ')' if several else ''} with the "
        f"answer shown {_short(row['ceiling'])}, mode {_short(row['mode'])}, "
        f"p {_short(row['p_value'])}"
        for row in compared
        if not row["p_value"] < limit.max_p
    ]
    if weak:
        return "; ".join(weak)
    apart = max(_differences(compared), default=0.0)
    return f"ceilings differ by {_short(apart)}" if apart > limit.max_difference else None


def _differences(compared: Sequence[Row]) -> Iterator[float]:
    """Between fresh self and each cross of its training seed."""
    fresh = {row["seed"]: row["ceiling"] for row in compared if row["kind"] == FRESH_SELF}
    for row in compared:
        if row["kind"] == CROSS and row["seed"] in fresh:
            yield round(abs(row["ceiling"] - fresh[row["seed"]]), DECIMALS)


def _short(share: float) -> str:
    return f"{share:.2f}".removeprefix("0")
