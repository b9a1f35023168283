"""The published formulas agree with the published code's own results, mistakes included."""

import io
import json
import math
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from stages.analysis import calibration, published, published_compliance
from stages.published.compliance import published_compliance as complies
from stages.published.figures import (
    accuracies,
    answer_table,
    cleaned,
    entropy_adjusted,
    figures,
    joined,
    moved,
)
from stages.published.json_lines import answer_lines

FIXTURES = Path(
    os.environ.get("SELFPREDICT_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures")
)
COMMANDS = {
    "scoring": published.answer_table,
    "calibration": calibration.answer_row,
    "compliance": published_compliance.answer_row,
}


def worked(name: str) -> list[dict]:
    path = FIXTURES / f"{name}.jsonl"
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


@pytest.mark.parametrize("name", COMMANDS)
def test_worked_examples_are_reproduced(name):
    rows = worked(name)
    if not rows:
        pytest.skip("the reference values are not part of the repository")
    for row in rows:
        found = json.loads(json.dumps(COMMANDS[name](row)))
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
    rights = {rule: [r["correct"] for r in joined(did, said, rule)] for rule in published.RULES}
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
    before, after = table("aaabbc"), table("abbbcd")
    kept = entropy_adjusted(before, after)
    for rows in kept:
        assert sorted(row["answer"] for row in rows) == ["a", "b", "b", "c"]
    assert entropy_adjusted(before[::-1], after) == kept


def test_a_check_that_no_text_can_fail_is_passed_and_the_others_fail():
    assert complies(3.0, ["default"]) is True
    assert complies(None, ["true_false"]) == ["not_true_false"]
    assert complies("sorry", ["single_word"]) == ["sorry"]
    assert complies("A", ["default", "multiple_choice"]) is True
    with pytest.raises(ValueError, match="'odd' is no group; allowed: all, default"):
        complies("x", ["odd"])


def test_a_line_that_is_no_object_or_lacks_a_key_is_named(monkeypatch, capsys):
    for text, message in (("[1]", "line 2: [1] is no JSON object"), ('{"objects": []}', "'metas'")):
        lines = json.dumps({"objects": table("a"), "metas": table("a")}) + "\n" + text
        stdin = SimpleNamespace(buffer=io.BytesIO(lines.encode()))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert answer_lines(answer_table) == 2
        shown = capsys.readouterr()
        assert json.loads(shown.out)["micro_average"]["accuracy"] == 1.0
        assert message in shown.err
