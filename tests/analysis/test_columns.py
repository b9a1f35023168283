"""Rows as columns: chosen, compared and grouped as loops over rows would."""

import pandas as pd
import pytest

from stages.analysis.columns import groups, modes, same, select, together

TABLE = pd.DataFrame(
    {
        "kind": pd.Categorical(["self", "cross", "self", "untrained"]),
        "seed": [0, 10, 2, 0],
        "agree": [True, None, False, None],
    }
)


def test_rows_are_chosen_by_all_values_and_none_is_any():
    assert select(TABLE, kind="self").index.tolist() == [0, 2]
    assert select(TABLE, kind="self", seed=2).index.tolist() == [2]
    assert select(TABLE, kind=["cross", "untrained"], seed=None).index.tolist() == [1, 3]
    assert select(TABLE, kind="unheard of").empty
    assert select(TABLE, agree=False).index.tolist() == [2]


@pytest.mark.parametrize("kind", ["category", object, "str"])
def test_texts_agree_where_they_are_equal_and_never_where_one_is_missing(kind):
    one = pd.Series(["a", "b", None, None, "c"], index=[7, 3, 5, 1, 2]).astype(kind)
    other = pd.Series(["a", "c", "a", None, "c"]).astype("category")
    found = same(one, other)
    assert found.tolist() == [True, False, False, False, True]
    assert found.index.tolist() == [7, 3, 5, 1, 2]


def test_tables_put_together_keep_categories_and_count_rows_anew():
    other = TABLE.assign(kind=pd.Categorical(["given"] * 4))
    whole = together([TABLE, other])
    assert whole["kind"].tolist() == [*TABLE["kind"], *["given"] * 4]
    assert isinstance(whole["kind"].dtype, pd.CategoricalDtype)
    assert whole.index.tolist() == list(range(8))


def test_groups_are_sorted_as_texts_or_stand_in_the_order_in_which_they_are_met():
    table = TABLE.assign(kind=pd.Categorical(TABLE["kind"], ["self", "untrained", "cross"]))
    sizes = [(kind, len(own)) for (kind,), own in groups(table, "kind")]
    assert sizes == [("cross", 1), ("self", 2), ("untrained", 1)]
    met = [key for key, _ in groups(table, "kind", "seed", sort=False)]
    assert met == [("self", 0), ("cross", 10), ("self", 2), ("untrained", 0)]
    assert [key for key, _ in groups(table, "seed")] == [(0,), (2,), (10,)]
    assert not list(groups(table[:0], "kind"))


def test_the_mode_of_a_group_is_its_most_common_value_and_on_ties_the_first_met():
    table = pd.DataFrame(
        {"cell": [1, 2, 1, 1, 1, 3, 2], "value": ["b", "x", "a", "a", "b", None, None]}
    )
    found = modes(table, "value", ["cell"])
    assert found.dropna().tolist() == ["b", "x", "b", "b", "b", "x"]
    assert found.isna().tolist() == [False] * 5 + [True, False]
    assert modes(table.assign(value=None), "value", ["cell"]).isna().all()
