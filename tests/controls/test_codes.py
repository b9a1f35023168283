"""The tasks of the organisms: fixed sets of inputs, in an order that the seed decides."""

import pytest

from stages.controls.organisms.codes import CODES, SIZE, items


@pytest.mark.parametrize("name", CODES)
def test_a_codes_task_has_the_same_inputs_in_another_order_with_another_seed(name):
    first, second = ([item.text for item in CODES[name].candidates(seed)] for seed in (0, 1))
    assert len(set(first)) == SIZE
    assert first != second and set(first) == set(second) == {item.text for item in items(name)}


def test_no_input_is_in_both_tasks():
    near, far = ({item.text for item in items(name)} for name in CODES)
    assert not near & far
