"""The mode of the other rows, against one that is counted row by row."""

from collections import Counter
from random import Random

import pandas as pd
import pytest

from stages.analysis.left_out import mode_left_out


def rows(truths: str, **more: str) -> pd.DataFrame:
    about = {"target": "t", "predictor": "p", "kind": "self", "seed": 0, "property": "x"}
    return pd.DataFrame({"truth": list(truths)}).assign(**about, task="a").assign(**more)


def by_hand(truths: str) -> list[float]:
    found = []
    for at, truth in enumerate(truths):
        others = Counter(truths[:at] + truths[at + 1 :])
        modes = [value for value, count in others.items() if count == max(others.values())]
        found.append((truth in modes) / len(modes))
    return found


def test_it_is_the_mode_of_the_other_rows_and_shared_on_ties():
    random = Random(0)
    drawn = ["".join(random.choices("abcd"[:n], k=k)) for n in (1, 2, 3, 4) for k in (2, 3, 5, 9)]
    for truths in (*drawn, "aab", "ab", "aaabb", "aaabbcc", "aabb"):
        assert list(mode_left_out(rows(truths))) == pytest.approx(by_hand(truths)), truths


def test_cells_are_apart_and_who_is_alone_has_none():
    both = pd.concat([rows("aab"), rows("bba", task="b"), rows("c", task="c")], ignore_index=True)
    assert list(mode_left_out(both)[:6]) == pytest.approx([0.5, 0.5, 0, 0.5, 0.5, 0])
    assert mode_left_out(both).isna().tolist() == [False] * 6 + [True]
    assert mode_left_out(both[:0]).empty


def test_a_row_of_as_common_a_value_is_not_guessed_by_itself():
    assert mode_left_out(rows("aaabbb")).mean() == 0
