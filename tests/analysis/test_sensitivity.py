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


def numbers(taken: float = 1.0, **right: float) -> dict:
    share = {key: text if n < 40 * taken else "no" for n, (key, text) in enumerate(ANSWERS.items())}
    evidence = Evidence(
        inputs=ASKED,
        base={"one": behavior(ANSWERS)},
        trained={"one": behavior(share, 0.9)},
        predictions={},
        datasets={},
        training={},
    )
    return copies_numbers(scores(**right), evidence, ANSWERS, RULE)


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


def test_an_arm_that_says_the_most_common_value_has_no_gap():
    table = scores(self=0.0, fresh_self=0.0, other=0.0)
    own = table["kind"] == "fresh_self"
    table.loc[own, "answer"], table.loc[own, "correct"] = "word0", table["mode_correct"][own]
    evidence = Evidence(ASKED, {"one": behavior(ANSWERS)}, {"one": behavior(ANSWERS)}, {}, {}, {})
    found = copies_numbers(table, evidence, ANSWERS, RULE)
    assert found["raw_gap"] == 0.1 and found["gap"] == pytest.approx(0.0)
    assert not found["found"]


def test_where_nothing_can_be_compared_there_is_no_gap_and_nothing_was_found():
    evidence = Evidence(
        ASKED,
        {"one": behavior({"elsewhere": "x"})},
        {"one": behavior({"elsewhere": "x"})},
        {},
        {},
        {},
    )
    table = scores(self=0.5, fresh_self=0.5, other=0.5)
    found = rounded(copies_numbers(table[table["input_id"] < "05"], evidence, ANSWERS, RULE))
    assert found["found"] is False and not {"gap", "raw_gap", "cross", "held"} & found.keys()
    assert verdict(found).startswith("says nothing")


def test_certainty_is_of_the_target_and_so_is_what_is_held():
    found = numbers(taken=0.75, self=0.9, fresh_self=0.9, other=0.1)
    assert found["certainty"] == pytest.approx(0.9)
    assert found["held"] == 0.75 and found["held_before"] == 1.0


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
    ("found", "words"),
    [
        ({"held": 1.0, "found": True}, "self-knowledge was there and was found"),
        ({"held": 0.9, "found": False}, "self-knowledge was there and was not found"),
        ({"held": 0.89, "found": True}, "says nothing: the copy gives 0.89 of its private answers"),
        ({"reason": "no weights"}, "not tried: no weights"),
    ],
)
def test_the_verdict_says_whether_there_was_something_to_find(found, words):
    assert verdict(found).startswith(words)


def test_over_runs_those_count_whose_copy_took_its_answers():
    runs = [
        {"seed": seed, "held": taken, "gap": gap}
        for seed, taken, gap in ((0, 1.0, 0.6), (1, 0.95, 0.8), (2, 0.5, 0.1))
    ]
    found = over_runs(runs, RULE)
    assert (found["runs"], found["left_out"], found["mean"]) == (2, [2], pytest.approx(0.7))
    assert found["by"] == {"0": 0.6, "1": 0.8} and found["ci_low"] < 0.7 < found["ci_high"]
    assert over_runs(runs[:1], RULE) == {"runs": 1, "left_out": []}
