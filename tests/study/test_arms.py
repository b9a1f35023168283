"""What belongs to an arm is named in one place, and names of models never collide with it."""

import pytest

from stages.params.study import JOINED
from stages.study.arms import (
    PARTS,
    Arm,
    collision,
    cross_dataset,
    fresh_dataset,
    model_kinds,
    pair_name,
    self_name,
)
from stages.study.design import Design

ARMS = {
    "untrained": (None, None),
    "self": ("a-self", "a-self"),
    "fresh_self": ("a-on-a", "a-fresh"),
    "cross": ("b-on-a", "a-cross"),
    "text_classifier": (None, None),
}


@pytest.mark.parametrize("kind", ARMS)
def test_an_arm_knows_its_adapter_and_what_it_was_trained_on(kind):
    predictor = "b" if kind == "cross" else "a"
    arm = Arm("a", predictor, kind, 0)
    assert (arm.adapter, arm.dataset) == ARMS[kind]
    assert arm.predictions == f"{predictor}-on-a"


def test_a_model_predicts_itself_in_three_ways_and_another_in_one():
    assert model_kinds("a", "a") == ("untrained", "self", "fresh_self")
    assert model_kinds("b", "a") == ("cross",)


@pytest.mark.parametrize("part", PARTS)
def test_a_name_that_an_arm_could_have_is_no_name_of_a_model(part):
    assert JOINED.search(f"a-{part}") and JOINED.search(f"a-{part.upper()}-b")
    assert not JOINED.search(f"a{part}") and not JOINED.search(f"a-{part}x")
    for name in (self_name("a"), cross_dataset("a"), fresh_dataset("a"), pair_name("a", "b")):
        assert JOINED.search(name)


@pytest.mark.parametrize(
    ("models", "shared"),
    [
        (
            ("a", "a-b", "b-c", "c"),
            "'a' on 'b-c' and 'a-b' on 'c' would both make the cell 'a-b-c'",
        ),
        (("x-1", "x", "1-1", "1"), "'x-1' on '1' and 'x' on '1-1' would both make the cell"),
        (("m", "M"), "'m' and 'M' would both make the file 'm'; rename a model"),
        (("on-a", "a", "a-b", "b-on"), None),
        (("a", "a-a", "a-a-a"), "would both make the cell 'a-a-a'"),
        (("a", "b", "a_b"), None),
    ],
)
def test_models_whose_cells_or_files_would_be_one_are_told_of(models, shared):
    found = collision(models)
    assert (found is None) if shared is None else shared in found


def test_the_target_predicts_first():
    design = Design(0, (0,), ("a", "b", "c"), ("t",), ("u",), ("first_word",))
    assert design.predictors("b") == ("b", "a", "c")
    assert design.tasks == ("t", "u")
