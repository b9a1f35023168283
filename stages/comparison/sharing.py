"""The rows that two versions have, each beside that of the same place."""

from typing import NamedTuple

import pandas as pd

from stages.analysis.columns import codes
from stages.storage.errors import StudyError

BEHAVIOR = ["target", "seed", "task", "input_id", "property"]
KEY = ["predictor", "kind", *BEHAVIOR]


class Shared(NamedTuple):
    """The rows that two versions have, each about the same as that of the same place."""

    one: pd.DataFrame
    other: pd.DataFrame
    only: tuple[int, int]
    """how many rows either version has alone"""
    other_seeds: bool
    """whether they have no training seed in common, so that trainings are paired in their order"""

    @property
    def used(self) -> "Shared":
        """Those in cells that both versions use."""
        kept_N = (self.one["used"] & self.other["used"]).to_numpy(dtype=bool)
        return self._replace(one=self.one[kept_N], other=self.other[kept_N])


def shared(one: pd.DataFrame, other: pd.DataFrame) -> Shared:
    """The rows of two versions that are about the same: arm, seed, task, input and property."""
    first, second = (_plain(rows) for rows in (one, other))
    other_seeds = not set(first["seed"]) & set(second["seed"])
    if other_seeds:
        first, second = (rows.assign(seed=codes(rows["seed"])) for rows in (first, second))
    both = (
        first[KEY]
        .assign(at=range(len(first)))
        .merge(second[KEY].assign(there=range(len(second))), on=KEY, validate="one_to_one")
    )
    return Shared(
        first.iloc[both["at"].to_numpy()].reset_index(drop=True),
        second.iloc[both["there"].to_numpy()].reset_index(drop=True),
        (len(first) - len(both), len(second) - len(both)),
        other_seeds,
    )


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Texts that are categories in either version alone as such, and what dealing out asks for."""
    names = [name for name in (*KEY, "truth", "answer") if name != "seed"]
    rows = rows.astype(dict.fromkeys(names, object))
    if (several := rows[rows.duplicated(KEY)]).size:
        which = ", ".join(f"{name} {several.iloc[0][name]}" for name in KEY)
        raise StudyError(f"metrics/rows.parquet: several rows are about the same: {which}")
    return rows.assign(compliant=rows["answer"].notna())
