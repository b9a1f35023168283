"""What targets did, as rows tell it: which of it is matched, and how many values it takes."""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stages.analysis.columns import groups, same, select
from stages.published.shifts import entropy_adjusted
from stages.storage.tables import read_columns
from stages.study.arms import SELF, UNTRAINED
from stages.study.properties import PROPERTIES
from stages.study.properties.answers import LETTER

BEHAVIOR = ["target", "seed", "input_id", "property"]
"""One thing that a target did."""


class Kept(NamedTuple):
    """The share of answers that are the same text before and after training, all and by task."""

    all: float | None = None
    by_task: Mapping[str, float] = MappingProxyType({})

    def told(self, used: Collection[str]) -> dict[str, Any]:
        """As in targets.json, where tasks are those with used cells."""
        by_task = {task: share for task, share in self.by_task.items() if task in used}
        return {"kept": self.all, "kept_by_task": by_task}


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


def with_options(rows: pd.DataFrame, tasks: Path) -> pd.DataFrame:
    """The rows with `options`: of a letter, how many the input has, by its task's table; else 0."""
    counts: dict[str, int] = {}
    letter_N = rows["property"].isin(_letters(rows))
    for task in sorted(rows.loc[letter_N, "task"].unique()):
        table = read_columns("tasks", tasks / f"{task}.parquet", ["input_id", "options"])
        counts |= dict(zip(table["input_id"], table["options"].map(len), strict=True))
    options = rows["input_id"].astype(object).map(counts).where(letter_N)
    return rows.assign(options=options.fillna(0).astype(int))


def number_of_values(rows: pd.DataFrame) -> pd.Series:
    """For each row "two" or "several": how many answers there are to what is asked.

    Two where it is a letter of two options, or a property that has two answers, whichever of them
    occur: whoever is wrong about the one is right about the other, so that is one number.
    """
    of_two = [name for name in rows["property"].unique() if _answers(name) == 2]
    letters = _letters(rows)
    is_two = rows["property"].isin(of_two) & ~rows["property"].isin(letters)
    is_two |= rows["property"].isin(letters) & rows["options"].eq(2)
    return pd.Series(np.where(is_two, "two", "several"), index=rows.index, dtype=object)


def _letters(rows: pd.DataFrame) -> list[str]:
    """The properties whose answers are letters of options; an experiment may ask for others."""
    names = [name for name in rows["property"].unique() if name in PROPERTIES]
    return [name for name in names if PROPERTIES[name].answer_kind is LETTER]


def _answers(name: str) -> int | None:
    closed = PROPERTIES[name].closed_answers()
    return None if closed is None else len(closed)


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
    return float(moved(there).mean()) if len(there) else None


def moved(rows: pd.DataFrame) -> pd.Series:
    """Which rows are about what the target did otherwise before; not where it did nothing then."""
    return rows["before"].notna() & ~same(rows["before"], rows["truth"])
