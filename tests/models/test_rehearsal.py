"""What a model rehearses: all that it did and that complies, of held-out tasks their part only."""

from pathlib import Path

import pytest

from stages.models.rehearsal import answer_rows, own_answers
from stages.params import load_params
from stages.storage.tables import Row, write_table
from stages.study.splits import part_of
from tests.conftest import ROOT

RULE = load_params(ROOT / "params.yaml").finetune
IDS = {
    part: next(f"{n:016x}" for n in range(999) if part_of("test", f"{n:016x}") == part)
    for part in ("rehearsal", "pilot", "test")
}


def rule(rehearse: str, weight: float = 1.0):
    return RULE.model_copy(update={"rehearse": rehearse, "rehearse_weight": weight})


def said(input_id: str, task: str, response: str, sample: int = 0, reason: str = "stop") -> Row:
    return {
        "input_id": input_id,
        "task": task,
        "sample": sample,
        "response": response,
        "finish_reason": reason,
        "first_token_logprob": -1.0,
        "near_tie": False,
        "fingerprint": "x",
        "seed": None,
    }


def item(input_id: str, task: str, role: str) -> Row:
    return {
        "input_id": input_id,
        "task": task,
        "family": "sequence",
        "role": role,
        "split": "train" if part_of(role, input_id) != "test" else "test",
        "input": input_id,
        "object_prompt": [{"role": "user", "content": input_id}],
        "options": [],
        "trait_option": None,
        "questions": None,
    }


@pytest.fixture
def data(tmp_path) -> Path:
    held_out = [item(input_id, "animals", "test") for input_id in IDS.values()]
    write_table(
        "tasks", [item(i, "colors", "train") for i in "ab"], tmp_path / "tasks/colors.parquet"
    )
    write_table("tasks", held_out, tmp_path / "tasks/animals.parquet")
    behavior = [
        said("a", "colors", "Red"),
        said("a", "colors", "blue", 1, "decided"),
        said("a", "colors", "", 2),
        said("b", "colors", "green"),
        *(said(input_id, "animals", f"{part} ox") for part, input_id in IDS.items()),
    ]
    write_table("behavior", behavior, tmp_path / "behavior/tiny.parquet")
    return tmp_path


def row(input_id: str, label: str, weight: float, *, ended: bool = True, distill: bool) -> Row:
    return {
        "input_id": input_id,
        "question": [{"role": "user", "content": input_id}],
        "label": label,
        "weight": weight,
        "slice": "train",
        "ended": ended,
        "rehearsed": True,
        "distill": distill,
    }


@pytest.mark.parametrize("rehearse", ["answers", "distill"])
def test_rehearsed_is_all_that_complies_the_cut_answers_too(data, rehearse):
    distill = rehearse == "distill"
    assert list(own_answers("tiny", {"a"}, rule(rehearse, 3.0), data)) == [
        row("a", "Red", 1.5, distill=distill),
        row("a", "blue", 1.5, ended=False, distill=distill),
        row(IDS["rehearsal"], "rehearsal ox", 3.0, distill=distill),
    ]


def test_no_input_that_is_judged_or_scored_is_rehearsed(data):
    rows = own_answers("tiny", {"a", "b"}, rule("distill"), data)
    assert {row["input_id"] for row in rows} == {"a", "b", IDS["rehearsal"]}


def test_answers_are_taught_as_they_stand_and_of_no_other_input():
    rows = answer_rows(
        [item("a", "colors", "train")], [said("b", "x", "no"), said("a", "x", "Red ")]
    )
    assert [(r["input_id"], r["label"], r["weight"], r["ended"]) for r in rows] == [
        ("a", "Red ", 1.0, True)
    ]
    assert not rows[0].keys() & {"rehearsed", "distill"}


def test_nothing_is_rehearsed_where_none_is_told(tmp_path):
    assert list(own_answers("tiny", {"a"}, rule("none"), tmp_path)) == []
