"""before_after: rows of the small study, whose numbers are known by hand, and rows made by hand."""

from pathlib import Path

import pytest

from stages.analysis.arms import score_arms
from stages.analysis.cells import used_cells
from stages.analysis.evidence import read_evidence
from stages.experiments.before_after.measure import plot
from stages.reporting.sections import section
from stages.storage.tables import read_table, write_table
from tests.analysis import small_study
from tests.experiments import tiny_study
from tests.experiments.outcomes import measured, ran

PARAMS = tiny_study.params({"before_after": {}})


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small_study.write_study(tmp_path)
    design = PARAMS.design
    used = used_cells(read_table("cells", "data/cells.parquet"))
    scored = score_arms(read_evidence(design, Path("data")), design, used)
    write_table("scores", scored.rows, "data/scores.parquet")
    return tmp_path


def outcome(kind: str, number: int, answer: str | None, truth: str, before: str | None) -> dict:
    return {
        "target": "left",
        "predictor": "left",
        "kind": kind,
        "seed": 0,
        "condition": "main study",
        "input_id": f"{number:02}",
        "task": "animals_long",
        "property": "first_word",
        "question": None,
        "raw_answer": answer,
        "answer": answer,
        "compliant": answer is not None,
        "truth": truth,
        "correct": answer == truth,
        "mode_correct": truth == "owl",
        "other_truth": before,
    }


def by_hand(inputs: int = 8) -> list[dict]:
    """M1 says owl where M said cat; of M it was right, of M1 not. Each fourth M does not comply.

    On input 7 M's own answer had no value.
    """
    rows = []
    for n in range(inputs):
        before = None if n == 7 else "cat"
        rows.append(outcome("untrained", n, None if n % 4 == 0 else "cat", "owl", before))
        rows.append(outcome("self", n, "owl" if n != 1 else "cat", "owl", before))
    return rows


def test_both_arms_are_scored_on_the_same_rows_of_the_main_study(study):
    rows = ran("before_after", "left", PARAMS, study / "cache.sqlite")
    write_table("outcomes", rows, "outcomes.parquet")
    keys = {
        kind: [(r["seed"], r["input_id"], r["property"]) for r in rows if r["kind"] == kind]
        for kind in ("untrained", "self")
    }
    assert keys["untrained"] == keys["self"] and len(keys["self"]) == 24 * 2
    assert {row["property"] for row in rows} == {"first_word", "first_character"}  # informative
    assert all(row["question"] and row["raw_answer"] for row in rows)
    changed = [row for row in rows if row["other_truth"] != row["truth"]]
    assert len(changed) == 2 * 2  # both properties of one input, in both arms


def test_the_difference_is_that_of_the_two_accuracies(study):
    rows = [
        row
        for target in PARAMS.subjects
        for row in ran("before_after", target, PARAMS, study / "cache.sqlite")
    ]
    found = measured("before_after", rows, PARAMS)
    assert found["overall"]["untrained"]["estimate"] == 0
    assert found["overall"]["self"]["estimate"] == 0.75
    assert found["overall"]["difference"]["estimate"] == 0.75
    assert found["overall"]["difference"]["ci_low"] > 0
    assert found["overall"]["complied"] == {"inputs": 0, "rows": 0}  # M never complies here
    assert found["targets"]["left"]["properties"].keys() == {"first_word", "first_character"}
    assert found["targets"]["left"]["overall"]["drift"]["estimate"] == round(1 / 24, 4)
    assert {"target": "left", "property": "first_word", "kind": "self", "accuracy": 0.75} in plot(
        found
    )


def test_the_papers_bar_for_before_is_about_another_target():
    found = measured("before_after", by_hand(), PARAMS)["overall"]
    assert found["untrained"]["estimate"] == 0  # M about M1
    assert found["untrained_on_m"]["estimate"] == round(5 / 7, 4)  # M about M
    assert found["self"]["estimate"] == 7 / 8
    assert found["difference"]["estimate"] == 7 / 8
    assert found["published_difference"]["estimate"] == round(6 / 7 - 5 / 7, 4)
    assert found["self_on_m"]["estimate"] == round(1 / 7, 4)
    assert found["mode_on_m"]["estimate"] == 1


def test_what_the_form_alone_gains_is_no_gain_where_the_untrained_answer_complied():
    rows = [row for row in by_hand() if row["kind"] == "self"]
    rows = [row | {"answer": "owl", "correct": True} for row in rows]
    rows += [
        row
        | {"kind": "untrained"}
        | (
            {"answer": None, "compliant": False, "correct": False}
            if int(row["input_id"]) < 4
            else {}
        )
        for row in rows
    ]
    found = measured("before_after", rows, PARAMS)["overall"]
    assert found["difference"]["estimate"] == 0.5
    assert (found["complied"]["estimate"], found["complied"]["rows"]) == (0, 4)
    assert found["compliance"]["untrained"]["estimate"] == 0.5


def test_the_section_shows_both_readings():
    text = section("before_after", measured("before_after", by_hand(16), PARAMS))
    assert "## Before and after training" in text
    assert "| all | 0.000 (0.000 to 0.206) | 0.938 (" in text
    few = section("before_after", measured("before_after", by_hand(), PARAMS))
    assert (
        "| all | 0.000 (too few) | 0.875 (too few) | 0.875 (too few) |" in few
    )  # no interval of eight inputs
    assert "| first_word |" in text
    assert section("before_after", measured("before_after", [], PARAMS))
