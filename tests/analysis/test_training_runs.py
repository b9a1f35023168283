"""How far numbers move over training seeds: by hand, and as the command tells and keeps them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from stages import evaluate, training_seeds
from tests.analysis import small_study
from tests.conftest import run_command


def test_a_study_of_one_seed_has_no_spread(evaluated):
    refused = CliRunner().invoke(training_seeds.main, [])
    assert refused.exit_code == 1
    assert "data/scores.parquet: training seeds [0]; 2 or more are needed" in refused.output
    assert not list(Path().glob("*.json"))


def test_the_numbers_of_each_run_are_told_and_kept(tmp_path, monkeypatch):
    """Cross is right on half of the inputs with seed 0, on a third with seed 7."""
    monkeypatch.chdir(tmp_path)
    small_study.write_study(tmp_path, seeds=(0, 7))
    run_command(evaluate)
    told = CliRunner().invoke(training_seeds.main, ["--write", "seeds.json"])
    assert told.exit_code == 0, told.output
    found = json.loads(Path("seeds.json").read_text(encoding="utf-8"))
    assert found["seeds"] == [0, 7]
    cross = found["targets"]["left"]["cross"]
    assert cross["by"] == {"0": 0.5, "7": pytest.approx(1 / 3, abs=1e-4)}
    assert (cross["least"], cross["most"]) == (cross["by"]["7"], cross["by"]["0"])
    assert cross["mean"] == pytest.approx((0.5 + 1 / 3) / 2, abs=1e-4)
    assert cross["sd"] == pytest.approx((0.5 - 1 / 3) / 2**0.5, abs=1e-4)
    assert found["all"]["self"]["by"] == {"0": 0.75, "7": 0.75} and found["all"]["self"]["sd"] == 0
    # 24 animals carry no primary comparison.
    assert found["targets"]["left"]["reason"] == "2 cells are compared; 3 are needed"
    assert "primary" not in found["targets"]["left"]
    line = "| left | cross | 0.500 | 0.333 | 0.417 | 0.118 | 0.333 to 0.500 |"
    assert line in told.output.splitlines()
    assert "| all targets | self | 0.750 | 0.750 | 0.750 | 0.000 | 0.750 to 0.750 |" in told.output
    assert "| left | fresh self minus cross, corrected | - | - | - | - | 2 cells are" in told.output


def test_where_a_target_carries_the_comparison_its_value_of_each_seed_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("stages.analysis.primary.FEWEST_CELLS", 1)
    monkeypatch.setattr("stages.analysis.primary.FEWEST_TASKS", 1)
    monkeypatch.setattr("stages.analysis.primary.FEWEST_INPUTS", 1)
    small_study.write_study(tmp_path, seeds=(0, 7))
    run_command(evaluate)
    CliRunner().invoke(training_seeds.main, ["--write", "seeds.json"])
    found = json.loads(Path("seeds.json").read_text(encoding="utf-8"))
    targets = json.loads(Path("metrics/targets.json").read_text(encoding="utf-8"))
    assert found["all"]["primary"]["by"] == targets["primary"]["seeds"]["by"]
    raw = found["targets"]["left"]["primary_raw"]["by"]
    assert raw == {"0": pytest.approx(2 / 3 - 1 / 2, abs=1e-4), "7": pytest.approx(1 / 3, abs=1e-4)}
