"""A prefix tree has each distinct prefix once, in any order of its sequences."""

from hypothesis import given
from hypothesis import strategies as st

from stages.models.local.subject.layout import lay_out

SEQUENCES = st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple)


@given(st.lists(st.lists(SEQUENCES, min_size=1, max_size=4), min_size=1, max_size=4))
def test_every_distinct_prefix_is_one_token(groups):
    layout = lay_out(groups)
    sequences = [s for group in groups for s in group]
    prefixes = {s[: n + 1] for s in sequences for n in range(len(s))}
    assert len(layout.tokens) == len(layout.positions) == len(prefixes)
    for group, paths in zip(groups, layout.paths, strict=True):
        for sequence, path in zip(group, paths, strict=True):
            assert tuple(layout.tokens[place] for place in path) == sequence
            assert [layout.positions[place] for place in path] == list(range(len(sequence)))


def test_what_groups_share_stands_once():
    layout = lay_out([[(1, 2, 3), (1, 2, 4)], [(1, 5)]])
    assert layout.tokens == [1, 2, 3, 4, 5]
    assert layout.paths == [[[0, 1, 2], [0, 1, 3]], [[0, 4]]]
