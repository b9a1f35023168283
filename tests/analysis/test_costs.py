"""What hosted models cost stands by stage and model; what is not known is no number."""

from pathlib import Path
from typing import Any

import pytest

from stages import evaluate, report
from stages.analysis.costs import costs
from stages.params import load_params
from stages.storage.files import read_json, write_json
from stages.storage.tables import read_table, write_table
from tests.analysis import small_study
from tests.conftest import run_command

METER = {
    "backend": "openai",
    "system_fingerprint": None,
    "date": "2026-11-27",
    "prompt_tokens": 100,
    "cached_tokens": 10,
    "answer_tokens": 2,
    "cost_usd": 0.01,
    "estimated": False,
}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    small_study.write_study(tmp_path)
    return tmp_path


def metered(kind: str, name: str, **told: Any) -> int:
    """Let all answers of a table be of a server; how many there are."""
    path = Path("data") / kind / f"{name}.parquet"
    rows = [row | METER | told for row in read_table(kind, path)]
    write_table(kind, rows, path)
    return len(rows)


def found(logs: dict[str, Any] | None = None) -> dict[str, Any]:
    names = ("left-self", "right-self", "left-on-left", "left-on-right", "right-on-left")
    training = {f"{name}/seed-0": {"rows": 1} for name in (*names, "right-on-right")}
    return costs(load_params().design, Path("data"), training | (logs or {}))


def test_a_study_without_a_server_has_no_costs_and_its_report_no_such_section(study):
    assert found() == {}
    run_command(evaluate)
    run_command(report)
    assert "costs" not in read_json("metrics/targets.json")
    assert "servers cost" not in Path("metrics/report.md").read_text(encoding="utf-8")
    assert not Path("metrics/tables/costs.md").exists()


def test_answers_and_trainings_are_counted_by_stage_and_model(study):
    base = metered("behavior", "left")
    said = metered("predictions", "left-on-left") + metered("predictions", "left-on-right")
    log = {"trained_tokens": 500, "cost_usd": 0.5}
    whole = found({"left-self/seed-0": log, "left-on-right/seed-0": log})
    rows = {(row["stage"], row["model"]): row for row in whole["stages"]}
    assert list(rows) == [
        (stage, "left") for stage in ("sample_base", "train_self", "train_cross", "predict")
    ]
    assert rows["predict", "left"]["prompt_tokens"] == 100 * said
    assert rows["predict", "left"]["cost_usd"] == pytest.approx(0.01 * said)
    assert rows["train_cross", "left"]["trained_tokens"] == 500
    assert whole["cost_usd"] == pytest.approx(0.01 * (said + base) + 1)


def test_without_a_price_a_cost_is_absent_and_estimated_tokens_are_marked(study):
    count = metered("behavior", "left", cost_usd=None, estimated=True)
    whole = found()
    assert "cost_usd" not in whole and "cost_usd" not in whole["stages"][0]
    assert whole["stages"][0]["estimated"] == count


def test_answers_that_could_not_be_had_cost_nothing(study):
    metered("behavior", "left", cost_usd=None, prompt_tokens=0, cached_tokens=0, answer_tokens=0)
    assert found()["cost_usd"] == 0.0


def test_what_was_copied_as_nothing_was_trained_is_not_paid_twice(study):
    metered("behavior", "left")
    metered("behavior", "left-self")
    stages = [row["stage"] for row in found({"left-self/seed-0": {"trained": False}})["stages"]]
    assert stages == ["sample_base"]


def test_the_report_and_its_page_show_what_servers_cost(study):
    metered("behavior", "left")
    run_command(evaluate)
    numbers = read_json("metrics/targets.json")
    numbers["costs"]["stages"].append(
        {"stage": "train_self", "model": "a|b", "count": 1, "trained_tokens": 1_234_567}
    )
    del numbers["costs"]["cost_usd"]
    write_json("metrics/targets.json", numbers)
    run_command(report)
    lines = Path("metrics/tables/costs.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "## What the servers cost"
    assert "| train_self | a\\|b | 1 | - | - | - | 1,234,567 | no price | - |" in lines
    assert lines[-1] == "| all | | | | | | | no price | |"
    assert "1,234,567" in Path("data/report/index.html").read_text(encoding="utf-8")
