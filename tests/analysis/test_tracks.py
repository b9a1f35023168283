"""Whom an arm tells of where M1 does something else than M did."""

import pandas as pd
import pytest

from stages.analysis.rule import Rule
from stages.analysis.tracks import about_both, tracks

RULE = Rule(seed=0, confidence=0.95, permutations=200, min_cell_rows=1)


def rows(kind: str, answers: list[str | None], predictor: str = "left") -> pd.DataFrame:
    """About inputs on which the target says `new` and said `old` before, but the last two."""
    count = len(answers)
    before = ["old"] * (count - 2) + ["new", None]
    found = pd.DataFrame({"answer": answers, "before": before}, dtype=object)
    return found.assign(
        **{"target": "left", "predictor": predictor, "kind": kind, "seed": 0, "task": "t"},
        property="first_word",
        input_id=[f"{n}" for n in range(count)],
        truth="new",
        compliant=found["answer"].notna(),
        correct=found["answer"].eq("new"),
    )


def test_who_says_what_m1_does_is_apart_from_who_says_what_m_did():
    told = pd.concat(
        [
            rows("self", ["old"] * 15 + ["new"] * 5 + ["other"] * 4 + ["new"] * 2),
            rows("fresh_self", ["new"] * 12 + ["old"] * 12 + ["old"] * 2),
        ]
    )
    found = tracks(told, RULE)
    assert list(found) == ["self", "fresh_self"]
    own, fresh = found["self"], found["fresh_self"]
    assert own["about_m1"] == pytest.approx(5 / 24) and own["about_m"] == pytest.approx(15 / 24)
    assert own["estimate"] == pytest.approx(-10 / 24)
    assert own["ci_low"] < -10 / 24 < own["ci_high"] < 0
    assert fresh["estimate"] == 0 and (fresh["rows"], fresh["inputs"]) == (24, 24)


def test_crosses_are_averaged_and_what_does_not_comply_is_about_neither():
    told = pd.concat(
        [
            rows("cross", ["new"] * 24 + ["new"] * 2, "right"),
            rows("cross", [None] * 12 + ["old"] * 12 + ["new"] * 2, "third"),
        ]
    )
    found = tracks(told, RULE)["cross"]
    assert (found["about_m1"], found["about_m"]) == (0.5, 0.25)
    assert found["estimate"] == pytest.approx(0.25)


def test_only_what_moved_counts():
    own = about_both(rows("self", ["new"] * 4))
    assert list(own["input_id"]) == ["0", "1"]
    assert tracks(rows("self", ["new"] * 2), RULE) == {}
