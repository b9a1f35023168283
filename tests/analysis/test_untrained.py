"""Targets that were not trained: what the few numbers of a study are then made of."""

from typing import Any

from stages.analysis.intervals import Estimate
from stages.analysis.summary import headline


def target(own: float | None, cross: float | None, gap: float | None) -> dict[str, Any]:
    return {
        "self": own,
        "fresh_self": own,
        "cross": {"other": cross},
        "mode": 0.5,
        "behavior_drift": None if own is None else 0.125,
        "kept": None if own is None else 0.75,
        "gap": {"estimate": gap},
    }


def few(**targets: dict[str, Any]) -> dict[str, Any]:
    estimate = Estimate()._asdict()
    primary = {"corrected": estimate, "raw": estimate}
    return headline({"gap": estimate, "primary": primary, "targets": targets})


def test_self_and_cross_are_of_the_same_targets_where_one_has_both():
    found = few(both=target(0.75, 0.5, 0.25), untrained=target(None, 0.0, None))
    assert (found["self"], found["cross"]) == (0.75, 0.5)
    assert (found["kept"], found["drift"]) == (0.75, 0.125)


def test_where_no_target_has_both_each_number_is_of_those_that_have_it():
    found = few(alone=target(0.75, None, None), untrained=target(None, 0.25, None))
    assert (found["self"], found["cross"]) == (0.75, 0.25)
    assert found["gap"] is None
