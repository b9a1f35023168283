"""What belongs to an arm is named in one place, and names of models never collide with it."""

import pytest

from stages.params.study import PLAIN_NAME
from stages.study.arms import PARTS, Arm, cross_dataset, model_kinds, pair_name, self_name
from stages.study.design import Design

ARMS = {
    "untrained": (None, None),
    "self": ("a-self", "a-self"),
    "fresh_self": ("a-on-a", "a-cross"),
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
    assert not PLAIN_NAME.fullmatch(f"a-{part}") and not PLAIN_NAME.fullmatch(f"a-{part}-b")
    assert PLAIN_NAME.fullmatch(f"a{part}")
    for name in (self_name("a"), cross_dataset("a"), pair_name("a", "b")):
        assert not PLAIN_NAME.fullmatch(name)


def test_the_target_predicts_first():
    design = Design(0, (0,), ("a", "b", "c"), ("t",), ("u",), ("first_word",))
    assert design.predictors("b") == ("b", "a", "c")
    assert design.tasks == ("t", "u")
