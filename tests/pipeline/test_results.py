"""What a whole run ends in, and what an edit of its code or params runs again."""

import json
import re
from collections.abc import Callable

import pytest
import yaml

from stages.storage.tables import read_table
from tests.conftest import ROOT, Study

pytestmark = pytest.mark.slow
SUMMARY = [
    "fresh_self",
    "cross",
    "mode",
    "primary",
    "primary_low",
    "primary_high",
    "primary_p",
    "primary_raw",
    "self",
    "gap",
    "gap_low",
    "gap_high",
    "sensitivity_gap",
    "kept",
    "drift",
    "inputs",
]
EVERYWHERE = {"fresh_self", "cross", "mode", "self", "gap", "kept", "drift", "inputs"}
"""keys that the smallest study has"""


def lock(study: Study) -> dict:
    return yaml.safe_load((study.root / "dvc.lock").read_text(encoding="utf-8"))["stages"]


def test_repro_ends_in_the_metrics_of_the_contract(finished):
    summary = json.loads((finished.root / "metrics/summary.json").read_text())
    assert list(summary) == [key for key in SUMMARY if key in summary]
    assert set(summary) >= EVERYWHERE
    assert all(isinstance(value, float | int) for value in summary.values())
    details = json.loads((finished.root / "metrics/targets.json").read_text())
    assert {"primary", "gap", "fresh_gap", "baseline", "targets", "pooled"} <= details.keys()
    assert {"estimate", "inputs", "rows", "discordant"} <= details["gap"].keys()
    assert details["targets"].keys() == {"one", "two"}
    assert {"self", "cross", "mode", "arms", "kept"} <= details["targets"]["one"].keys()
    assert details["targets"]["one"]["cross"].keys() == {"two"}
    scores = read_table("scores", finished.root / "data/scores.parquet")
    assert {"self", "cross", "fresh_self", "untrained"} <= {row["kind"] for row in scores}
    assert (finished.root / "metrics/report.md").read_text().startswith("# What this study")
    assert (finished.root / "data/report/index.html").is_file()


def test_only_held_out_inputs_are_scored(finished):
    trained = {
        row["input_id"]
        for name in ("one-self", "one-cross", "two-self", "two-cross")
        for row in read_table("datasets", finished.root / f"data/datasets/{name}.parquet")
    }
    scored = {
        row["input_id"] for row in read_table("scores", finished.root / "data/scores.parquet")
    }
    assert scored
    assert not trained & scored


def test_the_finetuning_file_is_chat_format(finished):
    lines = (finished.root / "data/datasets/one-self.jsonl").read_text().splitlines()
    assert lines
    for line in map(json.loads, lines):
        assert line.keys() == {"messages"}
        assert [m["role"] for m in line["messages"]] == ["user", "assistant"]
        assert all(m["content"].strip() for m in line["messages"])


def test_a_second_repro_changes_nothing(finished):
    before = lock(finished)
    output = finished.dvc("repro")
    assert "Running stage" not in output
    assert lock(finished) == before


def test_an_edit_of_the_report_retrains_nothing(finished):
    path = finished.root / "stages/reporting/pictures.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert ran(finished) == ["report"]


def test_an_edit_of_a_measure_runs_its_evaluation_and_the_report(finished):
    path = finished.root / "stages/experiments/scaling/measure.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert ran(finished) == ["evaluate_experiment@scaling", "report"]


def test_an_edit_of_a_task_whose_table_stays_the_same_runs_no_other_cell(finished):
    path = finished.root / "stages/tasks/sequences.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert ran(finished) == ["write_tasks"]


def ran(study: Study) -> list[str]:
    """The cells that `dvc repro` runs."""
    return re.findall(r"^Running stage '(.*)':$", study.dvc("repro"), re.MULTILINE)


def touched(study: Study, change: Callable[[dict], None]) -> set[str]:
    """The cells that other params would run, as `dvc status` names them; the params stay."""
    before = study.params()
    changed = study.params()
    change(changed)
    study.write_params(changed)
    try:
        return set(json.loads(study.dvc("status", "--json")))
    finally:
        study.write_params(before)


def test_the_params_of_an_experiment_touch_its_own_cells_alone(finished):
    cells = touched(finished, lambda p: p["experiments"]["calibration"].update(bins=3))
    assert cells == {
        "experiment@calibration-one",
        "experiment@calibration-two",
        "evaluate_experiment@calibration",
    }


def test_an_experiment_that_is_off_costs_no_cell(finished):
    assert touched(finished, lambda p: p["experiments"].update(run=["scaling"])) == {"report"}
    assert touched(finished, lambda p: p["experiments"].update(run=[])) == {"report"}


def test_every_experiment_has_rows_numbers_points_and_its_section(finished):
    tables = {path.stem for path in (finished.root / "metrics/tables").iterdir()}
    page = (finished.root / "data/report/index.html").read_text()
    for name in finished.params()["experiments"]["run"]:
        for target in ("one", "two"):
            read_table("outcomes", finished.root / f"data/experiments/{name}/{target}.parquet")
        for path in (f"{name}.json", f"plots/{name}.json", f"rows/{name}.json"):
            json.loads((finished.root / "metrics/experiments" / path).read_text())
        assert f"rows of {name}" in page
        assert name in tables


def test_every_control_shows_what_it_must(finished):
    controls = json.loads((finished.root / "metrics/controls.json").read_text())
    assert {name: found["held"] for name, found in controls.items()} == dict.fromkeys(
        ("own_answers", "twin", "from_prompt", "scrambled"), True
    )
    assert controls["own_answers"]["gap"]["estimate"] > 0.3
    assert "own_answers holds" in (finished.root / "metrics/report.md").read_text()


def test_plots_are_drawn(finished):
    finished.dvc("plots", "show", "-o", "drawn")
    page = (finished.root / "drawn/index.html").read_text()
    listed = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
    for name, plot in ((name, plot) for entry in listed for name, plot in entry.items()):
        (points,) = (finished.root / path for path in plot["y"])
        assert name in page or not points.exists() or not json.loads(points.read_text())
