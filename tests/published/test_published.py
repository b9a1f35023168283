"""The published formulas agree with the published code's own results, mistakes included."""

import json
import math

import pandas as pd
import pytest
from click.testing import CliRunner

from stages.published.__main__ import TOOLS, main
from stages.published.accuracies import RULES, accuracies, cleaned, figures, joined
from stages.published.compliance import published_compliance as complies
from stages.published.shifts import CATEGORIES, entropy_adjusted, moved
from tests.conftest import REFERENCE

FILES = {"figures": "scoring", "calibration": "calibration", "compliance": "compliance"}


def worked(name: str) -> list[dict]:
    path = REFERENCE / f"{name}.jsonl"
    return (
        [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        if path.is_file()
        else []
    )


def close(found, expected) -> bool:
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(close(found[k], expected[k]) for k in found)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(close, found, expected))
    if isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=0, abs_tol=1e-9)
    return found == expected


@pytest.mark.parametrize("tool", TOOLS)
def test_worked_examples_are_reproduced(tool):
    rows = worked(FILES[tool])
    if not rows:
        pytest.skip("the reference values are not part of the repository")
    for row in rows:
        found = json.loads(json.dumps(TOOLS[tool](row)))
        assert close(found, row["expected"]), row.get("id", row)


def table(answers: str, task: str = "t", name: str = "p", **more) -> list[dict]:
    return [
        {"task": task, "string": f"{n}", "property": name, "answer": answer, **more}
        for n, answer in enumerate(answers)
    ]


def test_only_the_prediction_loses_its_punctuation():
    assert cleaned("  Mean-while,\n\tthen ") == "meanwhile then"
    said, did = table(["Meanwhile,"]), table(["Meanwhile,"])
    assert not joined(did, said)[0]["correct"]
    assert joined(table([" "]), table(["."]))[0]["correct"]


def test_repeats_multiply_and_predictions_without_a_behavior_vanish():
    assert len(joined(table("ab") * 2, table("abc") * 3)) == 2 * 3 * 2


def test_the_three_rules_differ_in_what_does_not_comply():
    did = [*table("aa"), {**table("b")[0], "string": "9", "compliant": False}]
    said = [{**row, "compliant": n != 0} for n, row in enumerate(table("aa"))]
    said.append({**table("b")[0], "string": "9"})
    rights = {rule: [r["correct"] for r in joined(did, said, rule)] for rule in RULES}
    assert rights == {"keep": [True, True, True], "exclude": [True], "paper": [False, True]}


def test_properties_are_grouped_and_rows_not_groups_are_averaged():
    did = table("aaaa", name="matches_wealth") + table("b", name="is_either_a_or_c")
    said = table("aaaa", name="matches_wealth") + table("x", name="is_either_a_or_c")
    found = accuracies(did, said, rename=True)
    assert list(found) == ["among_options", "ethical_stance", "micro_average"]
    assert found["micro_average"]["accuracy"] == 0.8


def test_one_row_has_no_error_and_no_row_no_accuracy():
    assert figures(joined(table("a"), table("a")))["error_1_96_sem"] is None
    assert figures([]) == {"n": 0}


def test_behavior_that_does_not_comply_is_neither_shifted_nor_the_same():
    before, after = table("abc"), table("axc")
    after[2]["compliant"] = False
    assert moved(before, after) == {"shifted": ["1"], "same": ["0"], "not_compliant": ["2"]}


def test_the_entropy_adjustment_leaves_each_answer_as_often_in_both():
    before, after = pd.DataFrame(table("aaabbc")), pd.DataFrame(table("abbbcd"))
    kept = entropy_adjusted(before, after)
    for rows in kept:
        assert sorted(rows["answer"]) == ["a", "b", "b", "c"]
    for again, rows in zip(entropy_adjusted(before[::-1], after), kept, strict=True):
        pd.testing.assert_frame_equal(again, rows)


def test_the_entropy_adjustment_draws_by_place_and_looks_at_the_common_answers():
    """Two answers for a place to start with, then more answers than are looked at."""
    many = [f"{n % (CATEGORIES + 5)}" for n in range(2 * CATEGORIES)]
    rows = [
        {"task": "t", "string": f"{n}", "property": "p", "answer": a} for n, a in enumerate(many)
    ]
    one, two = entropy_adjusted(pd.DataFrame(rows), pd.DataFrame(rows))
    pd.testing.assert_frame_equal(one, two)
    usual = set(many[CATEGORIES + 5 :]) | set(many[:CATEGORIES])
    assert set(one["answer"]) == usual and len(usual) == CATEGORIES
    assert list(one["string"]) != sorted(one["string"], key=int)


def test_of_nothing_nothing_is_kept():
    asked = {"kind": "entropy_adjust", "objects_before": [], "objects_after": table("ab")}
    found = TOOLS["figures"](asked)
    assert found["kept_per_category"] == found["kept_per_category_after"] == {}
    assert (found["entropy_bits_after"], found["entropy_bits_adjusted"]) == (1.0, None)


def test_a_check_that_no_text_can_fail_is_passed_and_the_others_fail():
    assert complies(3.0, ["default"]) is True
    assert complies(None, ["true_false"]) == ["not_true_false"]
    assert complies("sorry", ["single_word"]) == ["sorry"]
    assert complies("A", ["default", "multiple_choice"]) is True
    with pytest.raises(ValueError, match="'odd' is no group; allowed: all, default"):
        complies("x", ["odd"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "line 2: [1] is no JSON object"),
        ('{"objects": []}', "line 2: key 'metas' is missing"),
        (
            '{"kind": "entropy_adjust", "objects_before": [{"task": "t"}], "objects_after": []}',
            "line 2: key 'string' is missing",
        ),
    ],
)
def test_a_line_that_is_no_object_or_lacks_a_key_is_named(text, message):
    lines = json.dumps({"objects": table("a"), "metas": table("a")}) + "\n" + text
    found = CliRunner().invoke(main, ["figures"], input=lines)
    assert found.exit_code == 2
    assert json.loads(found.stdout)["micro_average"]["accuracy"] == 1.0
    assert found.stderr.strip() == f"standard input, {message}"
