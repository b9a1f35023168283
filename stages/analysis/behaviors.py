"""What targets did, as rows tell it: which of it is matched, and how many values it takes."""

import numpy as np
import pandas as pd

from stages.analysis.columns import codes, group_codes, groups, same, select
from stages.published.shifts import entropy_adjusted
from stages.study.arms import SELF, UNTRAINED
from stages.study.properties import PROPERTIES

BEHAVIOR = ["target", "seed", "input_id", "property"]
"""One thing that a target did."""


def own_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows about all that a target did, once each: those of self, or of M where it has none."""
    own = select(rows, kind=SELF)
    return own if len(own) else select(rows, kind=UNTRAINED)


def is_among(rows: pd.DataFrame, behaviors: pd.DataFrame) -> pd.Series:
    """Which rows are about one of the behaviors (columns BEHAVIOR)."""
    wanted = pd.MultiIndex.from_frame(behaviors[BEHAVIOR].astype(object))
    return pd.Series(
        pd.MultiIndex.from_frame(rows[BEHAVIOR].astype(object)).isin(wanted), index=rows.index
    )


def entropy_kept(rows: pd.DataFrame, before: str, after: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The behaviors that the paper's entropy adjustment of two columns keeps: of either.

    Training can make a model monotonous and so easy to predict; on these behaviors the values of
    a cell are spread alike. `rows` is one row for each behavior; those that lack one of the two
    are left out.
    """
    there = rows[rows[before].notna() & rows[after].notna()]
    kept: list[list[pd.DataFrame]] = [[], []]
    for _, own in groups(there, "target", "seed"):
        texts = own[["task", "input_id", "property", before, after]].astype(object)
        texts = texts.rename(columns={"input_id": "string"})
        tables = [texts.rename(columns={name: "answer"}) for name in (before, after)]
        for found, table in zip(kept, entropy_adjusted(*tables), strict=True):
            found.append(own.loc[table.index, BEHAVIOR])
    one, two = (pd.concat(found) if found else rows[BEHAVIOR][:0] for found in kept)
    return one, two


def number_of_values(rows: pd.DataFrame) -> pd.Series:
    """For each row "two" or "several": how many values the behavior takes in its cell.

    Two where the answers are a closed set and no more than two of them occur, before or after:
    whoever is wrong about the one is right about the other, so that is one number and not two.
    """
    closed = {
        name: PROPERTIES[name].closed_answers() is not None for name in rows["property"].unique()
    }
    cells_N = group_codes(rows, ["target", "task", "property"])
    seen = pd.concat([rows["truth"].astype(object), rows["other_truth"].astype(object)])
    found = pd.DataFrame({"cell": np.tile(cells_N, 2), "value": codes(seen)})
    values_N = found.groupby("cell")["value"].nunique().to_numpy()[cells_N]
    two_N = rows["property"].map(closed).to_numpy(dtype=bool) & (values_N <= 2)
    return pd.Series(np.where(two_N, "two", "several"), index=rows.index, dtype=object)


def kept(before: pd.DataFrame, after: pd.DataFrame) -> float | None:
    """Share of answers (`response`) that are the same text before and after training.

    Rows of behavior tables; answers are compared by input and sample, of each training seed.
    """
    both = before.merge(after, on=["input_id", "sample"], suffixes=("_before", "_after"))
    if not len(both):
        return None
    return float(same(both["response_before"], both["response_after"]).mean())


def drift(rows: pd.DataFrame) -> float | None:
    """Share of the rows whose truth is not what the target did before; None without any."""
    there = rows[rows["before"].notna()]
    return float((~same(there["before"], there["truth"])).mean()) if len(there) else None
