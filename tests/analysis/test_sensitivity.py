"""What a study of copies shows, on made-up rows: against whom, how sure, and whether at all."""

import numpy as np
import pandas as pd
import pytest

from stages.analysis.evidence import Evidence
from stages.analysis.rounding import rounded
from stages.analysis.rule import Rule
from stages.analysis.sensitivity import certainty, copies_numbers, held, over_runs, verdict

RULE = Rule(seed=0, confidence=0.95, permutations=200, min_cell_rows=8)
INPUTS = [f"{n:02}" for n in range(40)]
ASKED = {key: {"role": "test", "split": "test"} for key in INPUTS}
ANSWERS = {key: f"word{n % 10} x" for n, key in enumerate(INPUTS)}


def scores(**right: float) -> pd.DataFrame:
    """Rows of the target `one`: each arm knows this share of the inputs; else it says `none`."""
    rows = []
    for name, share in right.items():
        kind = name if name in ("self", "fresh_self") else "cross"
        for n, key in enumerate(INPUTS):
            known = (n * 7) % 40 < share * 40
            rows.append(
                {
                    "target": "one",
                    "predictor": name if kind == "cross" else "one",
                    "kind": kind,
                    "seed": 0,
                    "input_id": key,
                    "task": "instilled_far",
                    "property": "first_word",
                    "answer": f"word{n % 10}" if known else "none",
                    "truth": f"word{n % 10}",
                    "compliant": True,
                    "correct": known,
                    "mode_correct": n % 10 == 0,
                }
            )
    return pd.DataFrame(rows)


def behavior(said: dict[str, str], probability: float = 0.5) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "input_id": key,
                "sample": 0,
                "response": text,
                "first_token_logprob": float(np.log(probability)),
            }
            for key, text in said.items()
        ]
    )


def given(taken: float) -> dict[str, str]:
    """What a copy says that took this share of its answers."""
    return {key: text if n < 40 * taken else "no" for n, (key, text) in enumerate(ANSWERS.items())}


def evidence_of(before: pd.DataFrame, after: pd.DataFrame, other: pd.DataFrame) -> Evidence:
    base = {"one": before, "other": other}
    return Evidence(ASKED, base, {"one": after}, predictions={}, datasets={}, training={})


TOLD = {"one": ANSWERS, "other": {key: f"{text} y" for key, text in ANSWERS.items()}}


def numbers(taken: float = 1.0, **right: float) -> dict:
    evidence = evidence_of(behavior(ANSWERS), behavior(given(taken), 0.9), behavior(TOLD["other"]))
    return copies_numbers(scores(**right), evidence, TOLD, RULE)


def test_the_gap_is_fresh_self_minus_the_better_cross():
    found = numbers(self=0.9, fresh_self=0.8, other=0.1, blank=0.2)
    assert (found["self"], found["fresh_self"], found["cross"]) == (0.9, 0.8, 0.2)
    assert found["better"] == "blank" and found["crosses"] == {"blank": 0.2, "other": 0.1}
    assert found["raw_gap"] == pytest.approx(0.6) and found["mode"] == 0.1
    assert 0.4 < found["gap_low"] < found["gap"] < 0.6 and found["found"]
    assert found["by_property"]["first_word"]["cross"] == 0.2


def test_what_is_not_there_is_not_found():
    found = numbers(self=0.3, fresh_self=0.3, other=0.3, blank=0.1)
    assert found["gap"] == 0.0 and not found["found"] and found["better"] == "other"
    assert found["against"]["blank"]["found"] and not found["against"]["other"]["found"]


def test_the_better_cross_has_the_smallest_corrected_gap_though_less_of_it_is_right():
    table = scores(self=0.9, fresh_self=0.8, other=0.0, blank=0.05)
    other = table["predictor"] == "other"
    table.loc[other, "answer"] = "word0"  # a constant: a tenth is right, as when dealt out
    table.loc[other, "correct"] = table["mode_correct"][other]
    evidence = evidence_of(behavior(ANSWERS), behavior(ANSWERS), behavior(TOLD["other"]))
    found = copies_numbers(table, evidence, TOLD, RULE)
    assert found["crosses"] == {"blank": 0.05, "other": 0.1} and found["better"] == "blank"
    gaps = {name: gaps["gap"] for name, gaps in found["against"].items()}
    assert found["gap"] == gaps["blank"] < gaps["other"] and found["cross"] == 0.05
    assert found["by_property"]["first_word"]["gap"] == found["gap"]


def test_a_gap_counts_as_found_against_every_cross_alone():
    table = scores(self=0.9, fresh_self=0.8, other=0.1, blank=0.1)
    assert numbers(self=0.9, fresh_self=0.8, other=0.1, blank=0.1)["found"]
    few = table[(table["predictor"] != "blank") | (table["input_id"] < "05")]
    evidence = evidence_of(behavior(ANSWERS), behavior(ANSWERS), behavior(TOLD["other"]))
    found = copies_numbers(few, evidence, TOLD, RULE)  # of blank there is too little to compare
    assert found["better"] == "other" and found["against"]["other"]["found"]
    assert found["against"]["blank"]["gap"] is None and not found["found"]


def test_an_arm_that_says_the_most_common_value_has_no_gap():
    table = scores(self=0.0, fresh_self=0.0, other=0.0)
    own = table["kind"] == "fresh_self"
    table.loc[own, "answer"], table.loc[own, "correct"] = "word0", table["mode_correct"][own]
    evidence = evidence_of(behavior(ANSWERS), behavior(ANSWERS), behavior(TOLD["other"]))
    found = copies_numbers(table, evidence, TOLD, RULE)
    assert found["raw_gap"] == 0.1 and found["gap"] == pytest.approx(0.0)
    assert not found["found"]


def test_where_nothing_can_be_compared_there_is_no_gap_and_nothing_was_found():
    evidence = evidence_of(*[behavior({"elsewhere": "x"})] * 3)
    table = scores(self=0.5, fresh_self=0.5, other=0.5)
    found = rounded(copies_numbers(table[table["input_id"] < "05"], evidence, TOLD, RULE))
    assert found["found"] is False and not {"gap", "raw_gap", "cross", "held"} & found.keys()
    assert verdict(found) == "not_held"


def test_certainty_is_of_the_target_and_so_is_what_is_held():
    found = numbers(taken=0.75, self=0.9, fresh_self=0.9, other=0.1)
    assert found["certainty"] == pytest.approx(0.9)
    assert found["held"] == 0.75 and found["held_before"] == 1.0


def test_the_other_copy_is_held_to_answers_of_its_own():
    evidence = evidence_of(behavior(ANSWERS), behavior(ANSWERS), behavior(given(0.5)))
    table = scores(self=0.9, fresh_self=0.9, other=0.9)
    twin = {"one": ANSWERS, "other": ANSWERS}
    assert copies_numbers(table, evidence, twin, RULE)["held_other"] == 0.5
    assert copies_numbers(table, evidence, TOLD, RULE)["held_other"] == 0.0


def test_certainty_is_a_median_over_the_scored_inputs_alone():
    rows = behavior({"a": "x", "b": "x", "c": "x"})
    rows["first_token_logprob"] = np.log([0.1, 0.2, 0.9])
    assert certainty(rows, {"a", "b", "c"}) == pytest.approx(0.2)
    assert certainty(rows, {"a", "c"}) == pytest.approx(0.5)
    assert certainty(rows, set()) is None


def test_an_answer_is_held_as_it_was_given_blanks_around_it_aside():
    rows = behavior({"a": " red box\n", "b": "red", "c": "Red box"})
    assert held(rows, dict.fromkeys("abc", "red box"), set("abc")) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"held": 1.0, "found": True}, "found"),
        ({"held": 0.9, "found": False}, "not_found"),
        ({"held": 0.89, "found": True}, "not_held"),
        ({"held": None, "found": False}, "not_held"),
        ({"found": False}, "not_held"),
        ({"reason": "no weights"}, "not_tried"),
    ],
)
def test_the_verdict_says_whether_there_was_something_to_find(found, said):
    assert verdict(found) == said


def test_over_runs_those_count_whose_copies_took_their_answers():
    runs = [
        {"seed": seed, "held": held, "held_other": other, "gap": gap}
        for seed, held, other, gap in (
            (0, 1.0, 0.9, 0.6),
            (1, 0.95, 1.0, 0.8),
            (2, 0.5, 1.0, 0.1),
            (3, 1.0, 0.89, 0.1),
            (4, None, None, 0.1),
        )
    ]
    found = over_runs(runs, RULE)
    assert (found["runs"], found["left_out"], found["mean"]) == (2, [2, 3, 4], pytest.approx(0.7))
    assert found["by"] == {"0": 0.6, "1": 0.8} and found["ci_low"] < 0.7 < found["ci_high"]
    assert over_runs(runs[:1], RULE) == {"runs": 1, "left_out": []}
