"""Rows as columns: put together, chosen, compared and grouped.

A text column is of categories or of plain strings, as it comes; a value that is missing is NaN.
Array suffix: N rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from stages.storage.tables import Row


def together(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The rows of all tables, which have the same columns; texts stay categories."""
    parts = list(tables)
    columns = {}
    for name in parts[0].columns:
        values = [part[name] for part in parts]
        if all(isinstance(column.dtype, pd.CategoricalDtype) for column in values):
            columns[name] = pd.Series(union_categoricals(values, ignore_order=True))
        else:
            columns[name] = pd.concat(values, ignore_index=True)
    return pd.DataFrame(columns)


def records(rows: pd.DataFrame) -> list[Row]:
    """The rows as dictionaries."""
    return cast(list[Row], rows.to_dict("records"))


def select(rows: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """The rows whose columns have these values, as in `select(rows, target="a", kind="self")`.

    A list, tuple or set means one of them, None any.
    """
    kept_N = np.ones(len(rows), dtype=bool)
    for name, value in wanted.items():
        if value is None:
            continue
        several = isinstance(value, list | tuple | set | frozenset)
        found = rows[name].isin(value) if several else rows[name].eq(value)
        kept_N &= found.to_numpy(dtype=bool)
    return rows[kept_N]


def same(one: pd.Series, other: pd.Series) -> pd.Series:
    """Whether two text columns agree, row by row; False where one is missing."""
    one_N, other_N = common_codes(one, other)
    return pd.Series((one_N == other_N) & (one_N >= 0), index=one.index)


def codes(values: pd.Series) -> np.ndarray:
    """The place of each value among all in sorted order; -1 where it is missing."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return np.asarray(pd.factorize(values, sort=True)[0], dtype=np.int64)
    found_N = values.cat.codes.to_numpy().astype(np.int64)
    names = values.cat.categories
    if names.is_monotonic_increasing:
        return found_N
    ranks = np.full(len(names) + 1, -1)  # the last is for what is missing
    ranks[np.argsort(names.to_numpy(dtype=object))] = np.arange(len(names))
    return ranks[found_N]


def common_codes(one: pd.Series, other: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Numbers that are equal where values of the two columns are; -1 where one is missing."""
    both = together([one.to_frame("value"), other.to_frame("value")])["value"]
    if isinstance(both.dtype, pd.CategoricalDtype):
        found_N = both.cat.codes.to_numpy()
    else:
        found_N = pd.factorize(both)[0]
    return found_N[: len(one)].astype(np.int64), found_N[len(one) :].astype(np.int64)


def joint_codes(columns: Sequence[np.ndarray]) -> np.ndarray:
    """One number for each combination of codes, in their sorted order, from 0 without a gap."""
    combined_N = columns[0] + 1  # what is missing is a value of its own, the first
    for more_N in columns[1:]:
        combined_N = combined_N * (int(more_N.max(initial=0)) + 2) + more_N + 1
    return np.unique(combined_N, return_inverse=True)[1]


def group_codes(rows: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """The number of each row's group: which combination of values of some columns it has."""
    return joint_codes([codes(rows[name]) for name in names])


def groups(
    rows: pd.DataFrame, *names: str, sort: bool = True
) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """The rows by the values of some columns: sorted, or in the order in which they are met."""
    if not len(rows):
        return
    found_N = group_codes(rows, names)
    order_N = np.argsort(found_N, kind="stable")
    parts = np.split(order_N, np.flatnonzero(np.diff(found_N[order_N])) + 1)
    for part in parts if sort else sorted(parts, key=lambda part: part[0]):
        own = rows.iloc[part]
        yield tuple(own[name].iloc[0] for name in names), own


def modes(rows: pd.DataFrame, column: str, by: Sequence[str]) -> pd.Series:
    """For each row the most common value of the column in its group, on ties the first met."""
    values_N = codes(rows[column])
    there = values_N >= 0
    found = pd.Series(np.full(len(rows), np.nan), index=rows.index, dtype=object)
    if not there.any():
        return found
    groups_N = group_codes(rows, by)
    counted = pd.DataFrame({"group": groups_N[there], "value": values_N[there]})
    counted["row"] = np.flatnonzero(there)
    table = counted.groupby(["group", "value"])["row"].agg(["size", "min"]).reset_index()
    table = table.sort_values(["group", "size", "min"], ascending=[True, False, True])
    table = table.drop_duplicates("group")
    first = np.full(groups_N.max() + 1, -1)
    first[table["group"]] = table["min"]
    own_N = first[groups_N]
    texts = rows[column].astype(object).to_numpy()
    found[own_N >= 0] = texts[own_N[own_N >= 0]]
    return found
