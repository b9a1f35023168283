"""Control studies: their params, and the numbers by which they hold or do not."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from stages import control, control_seeds
from stages.analysis.controls import control_numbers, over_runs
from stages.controls.verdicts import CONTROLS
from stages.params import load_params
from stages.study.datasets import scrambled
from tests.conftest import ROOT

LOCK = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def rows(right: dict[str, float], inputs: int = 40) -> list[dict]:
    """Score rows of one target, of ten values: each arm knows the first share of the inputs.

    Of the others it says what no input has.
    """
    return [
        {
            "target": "red",
            "predictor": "red" if kind == "self" else "blue",
            "kind": kind,
            "seed": 0,
            "input_id": f"{n:02}",
            "task": "codes_far",
            "property": "first_word",
            "answer": f"{n % 10}" if (n * 7) % inputs < share * inputs else "x",
            "truth": f"{n % 10}",
            "compliant": True,
            "predictor_own_behavior": f"{n % 10}" if kind == "self" else f"{n // 4}",
            "correct": (n * 7) % inputs < share * inputs,
            "mode_correct": n % 10 == 0,
            "informative": True,
        }
        for kind, share in right.items()
        for n in range(inputs)
    ]


def numbers(name: str, **right: float) -> dict:
    params = load_params(ROOT / f"controls/{name}.yaml")
    return control_numbers(pd.DataFrame(rows(right)), params.evaluate.rule(params.seed))


def over(name: str, *gaps: float) -> bool:
    """Whether a control holds over runs with these corrected gaps."""
    rule = load_params(ROOT / f"controls/{name}.yaml").evaluate.rule(0)
    run = numbers(name, self=0.9, cross=0.9)
    runs = {
        str(n): run | {"corrected_gap": run["corrected_gap"] | {"estimate": gap}}
        for n, gap in enumerate(gaps)
    }
    return CONTROLS[name].held_over(list(runs.values()), over_runs(runs, rule))


def test_every_control_has_params_a_cell_and_a_verdict():
    named = {path.stem for path in (ROOT / "controls").glob("*.yaml")}
    assert named == set(CONTROLS) == set(LOCK["control"]["matrix"]["control"])
    for name in named:
        assert load_params(ROOT / f"controls/{name}.yaml")


def test_controls_differ_from_the_positive_one_in_what_they_control_only():
    positive = yaml.safe_load((ROOT / "controls/own_answers.yaml").read_text(encoding="utf-8"))
    for name in CONTROLS:
        params = yaml.safe_load((ROOT / f"controls/{name}.yaml").read_text(encoding="utf-8"))
        params["finetune"]["scramble_labels"] = False
        for key in ("models", "subjects"):
            params[key] = positive[key]
        assert params == positive


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("own_answers", {"self": 0.8, "cross": 0.1}, {"self": 0.4, "cross": 0.1}),
        ("twin", {"self": 0.8, "cross": 0.8}, {"self": 0.8, "cross": 0.3}),
        ("from_prompt", {"self": 1.0, "cross": 1.0}, {"self": 0.1, "cross": 0.1}),
        ("scrambled", {"self": 0.1, "cross": 0.1}, {"self": 0.6, "cross": 0.1}),
    ],
)
def test_one_run_of_a_control_can_hold_and_can_fail(name, good, bad):
    assert CONTROLS[name].held(numbers(name, **good))
    assert not CONTROLS[name].held(numbers(name, **bad))


def test_over_runs_a_null_holds_where_the_mean_is_near_zero_and_its_interval_holds_zero():
    assert over("twin", 0.06, -0.04, 0.02, -0.05)
    assert not over("twin", 0.02, 0.03, 0.02, 0.03)  # small, but not zero
    assert not over("twin", 0.4, -0.3, 0.3, -0.1)  # holds zero, but says nothing
    assert over("twin", 0.0, 0.0)  # the same answers in each run


def test_over_runs_what_is_there_is_found_in_each_of_them():
    good, bad = (numbers("own_answers", self=right, cross=0.0) for right in (0.8, 0.3))
    rule = load_params(ROOT / "controls/own_answers.yaml").evaluate.rule(0)
    for runs, held in (([good, good], True), ([good, good, bad], False)):
        named = dict(zip("abc", runs, strict=False))
        assert CONTROLS["own_answers"].held_over(runs, over_runs(named, rule)) is held


def test_what_all_can_learn_was_learned_in_each_run():
    rule = load_params(ROOT / "controls/from_prompt.yaml").evaluate.rule(0)
    runs = {"0": numbers("from_prompt", self=0.9, cross=0.9)}
    runs["1"] = numbers("from_prompt", self=0.3, cross=0.3)
    assert not CONTROLS["from_prompt"].held_over(list(runs.values()), over_runs(runs, rule))


def test_answers_that_favor_a_value_gain_nothing_in_the_corrected_gap():
    """Self says the most common value to all: right of 0.1, and all of it dealt out."""
    table = pd.DataFrame(rows({"self": 0.0, "cross": 0.0}))
    mine = table["kind"] == "self"
    table.loc[mine, "answer"], table.loc[mine, "correct"] = "0", table["mode_correct"][mine]
    found = control_numbers(table, load_params(ROOT / "controls/twin.yaml").evaluate.rule(0))
    assert found["gap"]["estimate"] == found["dealt_out"]["self"] == 0.1
    assert found["corrected_gap"]["estimate"] == 0.0 and CONTROLS["twin"].held(found)


def test_what_each_says_of_itself_stands_apart_from_what_it_says_of_the_target():
    table = pd.DataFrame(rows({"self": 0.5, "cross": 0.5}))
    theirs = table["kind"] == "cross"
    table.loc[theirs, "answer"] = table["predictor_own_behavior"][theirs]
    found = control_numbers(table, load_params(ROOT / "controls/twin.yaml").evaluate.rule(0))
    assert found["own"]["cross"] > 0.9 > found["own"]["self"] > 0.4
    assert found["corrected_gap"]["estimate"] > 0.4


def test_seeds_are_told_by_run_and_together(tmp_path, monkeypatch):
    rule = load_params(ROOT / "controls/twin.yaml").evaluate.rule(0)
    found = (None, numbers("twin", self=0.9, cross=0.9), rule)
    monkeypatch.setattr(control_seeds, "look", lambda _: found)
    for seed in (0, 1, 10):
        folder = tmp_path / "data/control_seeds/twin" / str(seed)
        folder.mkdir(parents=True)
    (tmp_path / "data/control_seeds/twin/.2.partial").mkdir()  # of a run that is under way
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(control_seeds.main)
    assert result.exit_code == 0, result.output
    together, *alone = [line for line in result.output.splitlines() if line.startswith("| twin")]
    assert together.startswith("| twin | 3 | 0.000 | ") and together.endswith("| yes |")
    assert [line.split(" | ")[1] for line in alone] == ["0", "1", "10"]


def test_without_runs_the_command_that_makes_them_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(control_seeds.main)
    assert result.exit_code == 1
    assert "data/control_seeds: no control has 2 runs; make some with" in result.output


def test_an_unknown_control_is_named_with_those_that_are(monkeypatch):
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(control.main, ["--control", "nonsense"])
    assert result.exit_code == 1
    assert "controls/nonsense.yaml: no such control; there are: from_prompt, own_" in result.output


def test_another_seed_is_that_of_the_study_its_trainings_and_its_organisms(tmp_path):
    path = Path(tmp_path / "params.yaml")
    path.write_text((ROOT / "controls/twin.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    control.reseed(path, 17)
    params = load_params(path)
    assert (params.seed, params.seeds) == (17, [17])
    assert {m.source for m in params.models.values()} == {"organism:own/red/17"}


def test_scrambled_labels_stay_in_their_cell_and_leave_their_input():
    cell = [
        {"input_id": f"{n}", "task": "t", "property": name, "label": f"{name}{n}", "weight": 1.0}
        for n in range(30)
        for name in "pq"
    ]
    dealt = scrambled(cell, seed=0)
    assert [(r["input_id"], r["property"]) for r in dealt] == [
        (r["input_id"], r["property"]) for r in cell
    ]
    assert sorted(r["label"] for r in dealt) == sorted(r["label"] for r in cell)
    assert all(r["label"].startswith(r["property"]) for r in dealt)
    assert sum(a["label"] == b["label"] for a, b in zip(cell, dealt, strict=True)) < 10
    assert scrambled(cell[::-1], seed=0)[::-1] == dealt
    assert scrambled(cell, seed=1) != dealt
