"""Control studies: their params, and the numbers by which they hold or do not."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from stages import control
from stages.analysis.controls import control_numbers
from stages.controls.verdicts import CONTROLS
from stages.params import load_params
from stages.study.datasets import scrambled
from tests.conftest import ROOT

LOCK = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def rows(right: dict[str, float], inputs: int = 40) -> list[dict]:
    """Score rows of one target: the first share of the inputs is right in each arm."""
    return [
        {
            "target": "red",
            "predictor": "red" if kind == "self" else "blue",
            "kind": kind,
            "seed": 0,
            "input_id": f"{n:02}",
            "task": "codes_far",
            "property": "first_word",
            "correct": (n * 7) % inputs < share * inputs,
            "mode_correct": n % 10 == 0,
            "informative": True,
        }
        for kind, share in right.items()
        for n in range(inputs)
    ]


def held(name: str, **right: float) -> bool:
    params = load_params(ROOT / f"controls/{name}.yaml")
    numbers = control_numbers(pd.DataFrame(rows(right)), params.evaluate.rule(params.seed))
    return CONTROLS[name].verdict(numbers)["held"]


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
def test_a_control_can_hold_and_can_fail(name, good, bad):
    assert held(name, **good)
    assert not held(name, **bad)


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
