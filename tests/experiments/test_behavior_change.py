"""MC is taught nothing that is scored, and is compared with M1, which was not changed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.experiments.behavior_change import measure, run
from stages.experiments.behavior_change.measure import compared, plot
from stages.experiments.behavior_change.run.files import file_answers
from stages.experiments.behavior_change.run.lessons import (
    check_held_out,
    next_subject,
)
from stages.models.rehearsal import answer_rows
from stages.reporting.sections import section
from stages.storage.errors import StudyError
from stages.storage.tables import Row, read_table, write_table
from stages.study.splits import part_of
from tests.analysis import small_study
from tests.experiments import tiny_study
from tests.experiments.outcomes import columns, ran
from tests.experiments.outcomes import measured as numbers_of

TOLD = {"answers": "other", "inputs": 3, "epochs": 1, "learning_rate": 0.001, "batch_inputs": 2}
PARAMS = tiny_study.params({"behavior_change": TOLD})


def outcome(kind: str, number: int, name: str, answer: str | None, new: str, old: str | None):
    """An outcome row: what `kind` answered about input `number`, what MC does and M1 did."""
    return {
        "target": "left",
        "predictor": "right" if kind == "cross" else "left",
        "kind": kind,
        "seed": 0,
        "condition": "other",
        "input_id": f"{number:016}",
        "task": "animals_long",
        "property": name,
        "question": None,
        "raw_answer": answer,
        "answer": answer,
        "compliant": answer is not None,
        "truth": new,
        "correct": answer == new,
        "mode_correct": None,
        "other_truth": old,
    }


def of_words(times: int = 1) -> list[Row]:
    """Four rows that moved and one that stayed; MC says new 3 of 4, M1 1 of 4 and old 2 of 4."""
    says = {
        "changed": ["new", "new", "new", "old", "same"],
        "self": ["new", "old", "old", None, "same"],
        "cross": ["old", "old", "old", "old", "z"],
    }
    rows = []
    for kind, answers in says.items():
        for number, answer in enumerate(answers * times):
            new, old = ("same", "same") if number % 5 == 4 else ("new", "old")
            rows.append(outcome(kind, number, "first_word", answer, new, old))
    return rows


def of_true_or_false() -> list[Row]:
    said = ["true", "false", "true", None, "true"]
    return [
        outcome(kind, number, "ethical_stance", answer, "true", "false")
        for kind in ("changed", "self", "cross")
        for number, answer in enumerate(said)
    ]


def measured(rows: list[Row]) -> dict:
    stayed = outcome("behavior", 0, "first_word", "new", "old", None)
    rows = [*rows, stayed, stayed | {"input_id": "1", "compliant": False}]
    return numbers_of("behavior_change", rows, PARAMS)


def test_the_key_number_is_what_mc_favors_its_new_behavior_more_than_m1_does():
    found = measured(of_words())["targets"]["left"]["several_values"]
    mc, m1 = found["arms"]["changed"], found["arms"]["self"]
    assert (mc["new"]["estimate"], mc["old"]["estimate"]) == (0.75, 0.25)
    assert (m1["new"]["estimate"], m1["old"]["estimate"]) == (0.25, 0.5)
    assert found["changed_minus_self"]["estimate"] == 0.75  # (3/4 - 1/4) - (1/4 - 2/4)
    assert found["of_new"]["estimate"] - found["of_old"]["estimate"] == 0.75
    assert found["changed_minus_cross"]["estimate"] == 1.5
    assert found["changed_minus_self"]["rows"] == 4  # what stayed is not among them
    assert "ci_low" not in found["changed_minus_self"]  # too few to say more


def test_the_interval_of_the_key_number_may_pass_one():
    found = measured(of_words(5))["targets"]["left"]["several_values"]["changed_minus_self"]
    assert 0 < found["ci_low"] < found["estimate"] == 0.75
    assert 1 < found["ci_high"] < 2


def test_what_stayed_and_what_moved_are_told_apart():
    found = measured(of_words())["targets"]["left"]
    assert found["stayed"]["changed"] == {"estimate": 1.0, "inputs": 1, "rows": 1}
    assert found["stayed"]["cross"]["estimate"] == 0.0
    assert found["moved"]["estimate"] == 1.0 and found["moved"]["rows"] == 1
    assert found["complies"]["estimate"] == 0.5


def test_on_moved_rows_of_two_values_new_and_old_add_up_to_one():
    rows = of_true_or_false()
    table = compared(columns(rows))
    assert (table["new"] + table["old"] == table["compliant"]).all() and len(table) == len(rows)
    found = measured(rows)["targets"]["left"]
    assert found["two_values"]["arms"]["changed"]["estimate"] == 0.75
    assert found["two_values"]["complies"]["changed"]["estimate"] == 0.8
    assert found["two_values"]["changed_minus_self"]["estimate"] == 0
    worse = [r | {"answer": "false", "correct": False} if r["kind"] == "self" else r for r in rows]
    found_worse = measured(worse)["targets"]["left"]["two_values"]
    assert found_worse["changed_minus_self"]["estimate"] == 0.75  # of 0.75 and 0
    assert found["several_values"]["arms"]["changed"]["new"]["rows"] == 0
    assert found["properties"] == {
        "ethical_stance": {
            kind: {"new": found["two_values"]["arms"][kind]}
            for kind in ("changed", "self", "cross")
        }
    }


def test_the_letter_of_two_options_has_two_values_too():
    rows = [
        outcome(kind, n, "identity", said, "a", "b") | {"task": "myopic_reward", "options": 2}
        for kind in ("changed", "self", "cross")
        for n, said in enumerate("aabb")
    ]
    found = measured(rows)["targets"]["left"]
    assert found["several_values"]["changed_minus_self"].get("rows", 0) == 0
    assert found["two_values"]["arms"]["changed"]["estimate"] == 0.5
    four = measured([row | {"options": 4} for row in rows])["targets"]["left"]
    assert four["several_values"]["changed_minus_self"]["rows"] == 4  # though two values occur


def test_rows_without_an_old_behavior_count_nowhere():
    rows = of_words()
    lost = outcome("changed", 9, "first_word", "new", "new", None)
    assert measured([*rows, lost]) == measured(rows)


def test_the_mode_is_of_all_rows_of_a_cell():
    found = measured(of_words())["targets"]["left"]["several_values"]["mode"]
    assert (found["new"]["estimate"], found["old"]["estimate"]) == (1.0, 1.0)


def test_matched_rows_have_each_value_as_often_before_as_after():
    new_and_old = [("a", "b"), ("b", "a"), ("c", "a"), ("c", "b")]
    rows = [
        outcome(kind, n, "first_word", new if kind == "changed" else old, new, old)
        for kind in ("changed", "self", "cross")
        for n, (new, old) in enumerate(new_and_old)
    ]
    found = measured(rows)["targets"]["all"]["several_values"]["entropy_matched"]["changed"]
    assert found["new"]["rows"] == found["old"]["rows"] == 2  # one a and one b; c is only new
    assert (found["new"]["estimate"], found["old"]["estimate"]) == (1.0, 0.0)
    assert found["difference"]["estimate"] == 1.0


def test_section_and_plot_show_every_arm():
    found = measured([*of_words(), *of_true_or_false()])
    text = section("behavior_change", found)
    assert "| left | changed (MC) | 0.750" in text and "nan" not in text.lower()
    bars = {(p["values"], p["kind"], p["behavior"]) for p in plot(found) if p["target"] == "left"}
    assert {("several values", kind, "old") for kind in ("changed", "self", "cross")} <= bars
    assert ("two values", "changed", "old") not in bars
    section("behavior_change", numbers_of("behavior_change", [], PARAMS))


def taught_and_scored() -> tuple[list[Row], list[Row]]:
    rows = [row for row in small_study.inputs() if row["role"] == "test"]
    parts = {row["input_id"]: part_of("test", row["input_id"]) for row in rows}
    return tuple([r for r in rows if parts[r["input_id"]] == p] for p in ("rehearsal", "test"))


def answered(rows: list[Row], **changed) -> list[Row]:
    plain = {"response": "cat dog", "finish_reason": "stop"} | changed
    return [{"input_id": row["input_id"], **plain} for row in rows]


def test_a_scored_input_or_its_text_may_not_be_taught():
    taught, scored = taught_and_scored()
    check_held_out(answer_rows(taught, answered(taught)), scored)
    with pytest.raises(StudyError, match=scored[0]["input_id"]):
        check_held_out(answer_rows(scored[:1], answered(scored[:1])), scored)
    twin = taught[0] | {"object_prompt": scored[0]["object_prompt"]}
    with pytest.raises(StudyError, match="reads the same"):
        check_held_out(answer_rows([twin], answered([twin])), scored)


def test_cut_answers_teach_no_end_and_refusals_nothing():
    taught = [row for row in taught_and_scored()[0] if row["task"] == "animals_long"][:1]
    rows = answer_rows(
        taught,
        [
            *answered(taught, finish_reason="decided"),
            *answered(taught),
            *answered(taught, response="I cannot help"),
        ],
    )
    assert [(row["ended"], row["weight"]) for row in rows] == [(False, 0.5), (True, 0.5)]
    assert rows[0]["question"] == taught[0]["object_prompt"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{oops", "line 2: Expecting"),
        ("[1]", r"line 2: \[1\] is no object"),
        ('{"input_id": "b"}', "line 2: response is missing"),
        ('{"input_id": "b", "response": " "}', "line 2: response is ' '"),
        ('{"input_id": "c", "response": "x"}', "line 2: input_id 'c' is no such input"),
        ('{"input_id": "a", "response": "x"}', "line 2: input_id 'a' was answered on a line"),
        ("", "line 2: Expecting"),
    ],
)
def test_a_bad_line_of_answers_is_named(tmp_path, line, message):
    path = tmp_path / "answers.jsonl"
    good = json.dumps({"input_id": "a", "response": "lion"})
    path.write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        file_answers(path, {"a", "b"})
    path.write_text(f"{good}\n", encoding="utf-8")
    assert [row["response"] for row in file_answers(path, {"a", "b"})] == ["lion"]
    with pytest.raises(StudyError, match="no such file"):
        file_answers(tmp_path / "none.jsonl", {"a"})


def test_other_is_the_next_subject():
    assert [next_subject(name, ["a", "b", "c"]) for name in "abc"] == ["b", "c", "a"]


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Iterator[Path]:
    with tiny_study.working_study(tmp_path_factory.mktemp("study")) as root:
        yield root


@pytest.mark.parametrize("answers", ["other", "persona:Speak like a king.", "path:answers.jsonl"])
def test_every_arm_answers_for_the_new_behavior_on_the_same_rows(study, answers):
    taught = taught_and_scored()[0]
    lines = [json.dumps(row) for row in answered([r for r in taught if not r["options"]])]
    Path("answers.jsonl").write_text("\n".join(lines), encoding="utf-8")
    params = tiny_study.params({"behavior_change": TOLD | {"answers": answers}})
    rows = ran("behavior_change", "left", params, study / "c.sqlite")
    write_table("outcomes", rows, "outcomes.parquet")
    assert read_table("outcomes", "outcomes.parquet")
    arms = {
        kind: {(r["input_id"], r["property"], r["truth"], r["other_truth"]) for r in found}
        for kind in ("changed", "self", "cross")
        if (found := [row for row in rows if row["kind"] == kind])
    }
    assert arms["changed"] == arms["self"] == arms["cross"] != set()
    did = {r["input_id"]: r["raw_answer"] for r in rows if r["kind"] == "behavior"}
    assert len(did) == 2 * small_study.TEST_INPUTS
    assert {r["input_id"] for r in rows} <= {r["input_id"] for r in taught_and_scored()[1]}
    assert numbers_of("behavior_change", rows, params)["targets"]["left"]["complies"]["rows"]


def test_what_is_asked_and_what_is_measured_name_the_kinds_alike():
    assert (run.CHANGED, run.BEHAVIOR) == (measure.CHANGED, measure.BEHAVIOR)
