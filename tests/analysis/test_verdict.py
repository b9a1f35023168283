"""The verdict: whether a study can show something, what it shows, what else that may be."""

from collections.abc import Callable
from typing import Any

import pytest

from stages.analysis.verdict import outcome, sensitivity_gap, verdict
from tests.analysis import sound_study
from tests.analysis.sound_study import DESIGN, estimate

Numbers = dict[str, Any]
SOUND = {"corrected": 0.1, "raw": 0.1}


def found(
    change: Callable[[Numbers, Numbers], object] = lambda numbers, copies: None,
    person: str = "third",
    where_kept: float | None = None,
    rehearsed: bool = False,
    **sizes: float,
) -> Numbers:
    """The verdict on a sound study that was changed, of which the second part is sensitivity."""
    sizes = SOUND | sizes
    numbers, copies = sound_study.numbers(**sizes), sound_study.sensitivity()
    change(numbers, copies)
    gaps = sound_study.gaps(sizes["corrected"] if where_kept is None else where_kept)
    return verdict(numbers, gaps, copies, DESIGN, person=person, rehearsed=rehearsed)


def whys(told: Numbers) -> list[str]:
    return [item["why"] for item in told["explanations"]]


def test_a_sound_study_can_show_something_and_all_its_lights_hold():
    told = found()
    assert told["can_show"] and all(of["can_show"] for of in told["targets"].values())
    assert set(told["lights"].values()) == {True}
    assert told["seeds"] == 1
    assert told["needed"] == {"cells": 6, "tasks": 3, "kept": 0.5, "held": 0.9}


@pytest.mark.parametrize(
    ("corrected", "raw", "half", "expected"),
    [
        (0.1, 0.1, 0.05, "advantage_of_self"),
        (-0.1, -0.1, 0.05, "advantage_of_cross"),
        (0.1, -0.1, 0.05, "both_not"),
        (-0.1, 0.1, 0.05, "both_not"),
        (0.1, 0.0, 0.05, "both_not"),
        (0.1, 0.1, 0.15, "null"),
        (0.1, -0.1, 0.15, "null"),
        (0.05, 0.1, 0.05, "null"),  # its end is zero
    ],
)
def test_an_advantage_is_clear_of_zero_and_has_the_same_sign_raw(corrected, raw, half, expected):
    told = found(corrected=corrected, raw=raw, half=half)
    assert told["outcome"] == expected
    assert {of["outcome"] for of in told["targets"].values()} == {expected}
    assert bool(told["explanations"]) == expected.startswith("advantage")


def test_what_has_no_interval_is_no_number_but_where_nothing_differs():
    none = {"estimate": None, "ci_low": None, "ci_high": None, "discordant": 0}
    few = {"estimate": 0.1, "inputs": 9, "discordant": 3}
    same = {"estimate": 0.0, "inputs": 90, "discordant": 0}
    assert outcome({"reason": "2 cells are compared; 3 are needed"}) == "no_number"
    assert outcome({}) == outcome({"corrected": none, "raw": none}) == "no_number"
    assert outcome({"corrected": few, "raw": few}) == "no_number"
    assert outcome({"corrected": same, "raw": same}) == "null"


def of_left(numbers: Numbers) -> Numbers:
    return numbers["targets"]["left"]


def of_copy(**values: float) -> Callable[[Numbers, Numbers], object]:
    return lambda numbers, copies: copies["left"].update(values)


@pytest.mark.parametrize(
    ("change", "short", "light"),
    [
        (
            lambda n, s: n["primary"]["targets"]["left"].update(cells=5),
            {"what": "cells", "found": 5},
            "cells",
        ),
        (
            lambda n, s: n["primary"]["targets"]["left"].update(tasks=2),
            {"what": "tasks", "found": 2},
            "cells",
        ),
        (
            lambda n, s: of_left(n)["arms"]["fresh_self"].update(ceiling=0.2),
            {
                "what": "ceiling",
                "kind": "fresh_self",
                "predictor": "left",
                "found": 0.2,
                "mode": 0.2,
            },
            "ceiling",
        ),
        (
            lambda n, s: of_left(n)["arms"]["cross"]["right"].pop("ceiling"),
            {"what": "ceiling", "kind": "cross", "predictor": "right"},
            "ceiling",
        ),
        (
            lambda n, s: of_left(n)["kept_by_task"].update(w=0.49),
            {"what": "kept", "task": "w", "found": 0.49},
            "kept",
        ),
        (lambda n, s: of_left(n).update(kept=None), {"what": "kept"}, "kept"),
        (lambda n, s: s.pop("left"), {"what": "sensitivity"}, "sensitivity"),
        (lambda n, s: s.update(left={"verdict": "?"}), {"what": "sensitivity"}, "sensitivity"),
        (of_copy(held=0.89), {"what": "copy", "found": 0.89}, "sensitivity"),
        (of_copy(gap=0.1, found=False), {"what": "gap", "found": 0.1}, "sensitivity"),
    ],
)
def test_what_one_target_lacks_is_named_and_the_study_cannot_show_anything(change, short, light):
    told = found(change)
    assert told["targets"]["left"]["short"] == [short]
    assert not told["can_show"] and not told["targets"]["left"]["can_show"]
    assert told["targets"]["right"] == {
        "outcome": "advantage_of_self",
        "short": [],
        "can_show": True,
    }
    assert [name for name, holds in told["lights"].items() if not holds] == [light]


def test_the_limits_themselves_are_enough():
    def least(numbers, copies):
        numbers["primary"]["targets"]["left"].update(cells=6, tasks=3)
        of_left(numbers).update(kept=0.4, kept_by_task={"u": 0.5})
        copies["left"].update(held=0.9, gap=0.001)

    assert found(least)["can_show"]


@pytest.mark.parametrize("p_value", [0.05, 1.0, None])
def test_predictors_learned_where_what_was_held_back_is_hit_more_often_than_by_chance(p_value):
    def unlearned(numbers, copies):
        of_left(numbers)["arms"]["cross"]["right"].update(held_back_p=p_value)

    told = found(unlearned)
    assert not told["lights"]["learned"] and told["can_show"]


def test_a_target_of_which_no_copy_can_be_made_is_named_and_lacks_nothing_by_that():
    def hosted(numbers, copies):
        copies["left"] = {"reason": "it runs on a server"}

    told = found(hosted)
    assert told["can_show"] and told["lights"]["sensitivity"] is True
    assert told["targets"]["left"] == {
        "outcome": "advantage_of_self",
        "short": [],
        "can_show": True,
        "untried": "it runs on a server",
    }
    assert "untried" not in told["targets"]["right"]

    def and_the_other_copy_did_not_take(numbers, copies):
        hosted(numbers, copies)
        copies["right"]["held"] = 0.5

    told = found(and_the_other_copy_did_not_take)
    assert not told["can_show"] and told["lights"]["sensitivity"] is False
    assert told["targets"]["left"]["can_show"] and not told["targets"]["right"]["can_show"]
    none = found(lambda n, s: s.update({key: {"reason": "it runs on a server"} for key in s}))
    assert none["can_show"] and none["lights"]["sensitivity"] is None


def test_the_gap_of_sensitivity_is_of_models_whose_copy_took_its_answers():
    copies = sound_study.sensitivity()
    copies["right"] |= {"gap": 0.2, "held": 0.9}
    assert sensitivity_gap(copies) == pytest.approx(0.5)
    copies["right"]["held"] = 0.89
    assert sensitivity_gap(copies) == 0.8
    copies["left"] = {"reason": "it runs on a server"}
    assert sensitivity_gap(copies) is sensitivity_gap({}) is None


def test_a_target_without_trained_arms_lacks_its_cells_and_no_arm_is_looked_for():
    def taught_by_examples(numbers, copies):
        numbers["targets"]["left"] = {"mode": 0.2}
        numbers["primary"]["targets"]["left"] = {"reason": "0 cells", "cells": 0, "tasks": 0}

    told = found(taught_by_examples)["targets"]["left"]
    assert told["outcome"] == "no_number"
    assert [item["what"] for item in told["short"]] == ["cells", "tasks", "kept"]


def test_fresh_self_ahead_says_that_the_same_base_predicts_better():
    assert whys(found()) == ["own_base", "person"]
    assert whys(found(person="second")) == ["own_base"]
    behind = found(corrected=-0.1, raw=-0.1)
    assert whys(behind) == ["person"]


def test_what_is_rehearsed_may_make_an_advantage_of_self_and_none_of_cross():
    assert whys(found(rehearsed=True)) == ["own_base", "rehearsal", "person"]
    assert whys(found(rehearsed=True, corrected=-0.1, raw=-0.1)) == ["person"]
    assert whys(found(rehearsed=True, half=0.15)) == []


def test_one_model_ahead_about_every_target_may_be_the_better_predictor():
    def right_is_better(numbers, copies):
        of_left(numbers)["arms"]["fresh_self"]["corrected"] = estimate(0.2)
        of_left(numbers)["arms"]["cross"]["right"]["corrected"] = estimate(0.25)

    told = found(right_is_better)
    assert {"why": "predictor", "model": "right"} in told["explanations"]

    def both_are(numbers, copies):
        right_is_better(numbers, copies)
        arms = numbers["targets"]["right"]["arms"]
        arms["cross"]["left"]["corrected"] = estimate(0.5)

    assert "predictor" not in whys(found(both_are))


def test_of_one_target_alone_it_cannot_be_told_from_a_better_predictor():
    def alone(numbers, copies):
        numbers["targets"]["right"]["arms"] = {}

    assert {"why": "predictor", "model": "left"} in found(alone)["explanations"]


def test_an_advantage_of_self_that_is_not_clear_where_answers_were_kept_may_be_shared_drift():
    assert "drift" not in whys(found(where_kept=0.06))
    for not_clear in (0.05, 0.02, -0.02):
        (item,) = (e for e in found(where_kept=not_clear)["explanations"] if e["why"] == "drift")
        assert item["tried"] and item["found"]["estimate"] == not_clear
    for gaps in ([], [{"target": "all", "subset": "unchanged", "comparison": "primary"}]):
        numbers, copies = sound_study.numbers(), sound_study.sensitivity()
        untold = verdict(numbers, gaps, copies, DESIGN, person="third", rehearsed=False)
        assert {"why": "drift", "tried": False} in untold["explanations"]
    few = sound_study.gaps(0.2)[1] | {"ci_low": None, "ci_high": None}
    numbers, copies = sound_study.numbers(), sound_study.sensitivity()
    few_told = verdict(numbers, [few], copies, DESIGN, person="third", rehearsed=False)
    assert "drift" in whys(few_told)
    behind = {"corrected": -0.1, "raw": -0.1}
    for where_kept in (-0.02, 0.02):
        assert "drift" not in whys(found(where_kept=where_kept, **behind))
