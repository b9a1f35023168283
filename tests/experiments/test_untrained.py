"""A study of two: `left` is trained, `right` is shown examples in the prompt and is not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click import Command

from stages import (
    build_dataset,
    evaluate,
    evaluate_experiment,
    experiment,
    finetune,
    judge_cells,
    predict,
    report,
    sample_behavior,
)
from stages.params import Params
from stages.reporting.sections import section
from stages.storage.tables import Row, read_table
from stages.study.splits import part_of
from tests.experiments import tiny_study
from tests.experiments.outcomes import measured, ran

EXPERIMENTS = {
    "before_after": {},
    "behavior_change": {
        "answers": "other",
        "inputs": 4,
        "epochs": 1,
        "learning_rate": 0.001,
        "batch_inputs": 4,
    },
    "calibration": {"inputs": 2, "samples": 2, "properties": ["first_word"], "bins": 2},
    "examples": {"k": 2, "inputs": 4},
    "other_arms": {"arms": ["similar", "cross_informed", "cross_second"]},
    "prompt_shift": {"prefixes": {"pirate": "Answer as a pirate would."}, "inputs": 2},
    "scaling": {"sizes": [4], "inputs": 2},
}
TOLD = tiny_study.params(EXPERIMENTS).model_dump(mode="json", exclude_none=True)
TOLD["evaluate"]["ceiling"] = None
TOLD["finetune"]["models"] = {"right": {"teach": "examples"}}
TOLD["sampling"]["max_tokens"] = TOLD["predict"]["max_tokens"] = 2
TOLD["experiments"]["run"] = ["examples"]
PARAMS = Params.model_validate(TOLD)


def run(stage: Command, *arguments: str) -> None:
    stage.main(list(arguments), standalone_mode=False)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Iterator[Path]:
    """The tables of the study, of which those that follow from how `right` is taught are made."""
    with tiny_study.working_study(tmp_path_factory.mktemp("study")) as root:
        Path("params.yaml").write_text(yaml.safe_dump(TOLD), encoding="utf-8")
        run(finetune.main, "--model", "right")
        run(sample_behavior.main, "--trained", "--model", "right")
        run(build_dataset.main, "--target", "right")
        for pair in (("left", "left"), ("left", "right"), ("right", "left"), ("right", "right")):
            run(finetune.main, "--predictor", pair[0], "--target", pair[1])
            run(predict.main, "--predictor", pair[0], "--target", pair[1])
        run(judge_cells.main)
        run(evaluate.main)
        for target in PARAMS.subjects:
            run(experiment.main, "--experiment", "examples", "--target", target)
        run(evaluate_experiment.main, "--experiment", "examples")
        run(report.main)
        yield root


def kinds(rows: list[Row]) -> set[str]:
    return {row["kind"] for row in rows}


def metric(study: Path, name: str) -> dict:
    return json.loads((study / f"metrics/{name}.json").read_text(encoding="utf-8"))


def test_a_train_cell_says_that_nothing_was_trained_and_has_no_adapter(study):
    for adapter in ("right-self", "right-on-right", "right-on-left"):
        (made,) = (study / f"data/adapters/{adapter}/seed-0").iterdir()
        assert json.loads(made.read_text(encoding="utf-8")) == {"trained": False}
    assert (study / "data/adapters/left-on-right/seed-0/adapter_config.json").is_file()


def test_the_behavior_of_m1_is_that_of_m_on_what_m1_is_asked(study):
    base = read_table("behavior", study / "data/behavior/right.parquet")
    trained = read_table("behavior", study / "data/behavior/right-self.parquet")
    asked = {
        row["input_id"]
        for path in (study / "data/tasks").iterdir()
        for row in read_table("tasks", path)
        if part_of(row["role"], row["input_id"]) != "rehearsal"
    }
    assert trained == [row | {"seed": 0} for row in base if row["input_id"] in asked]
    assert 0 < len(trained) < len(base)


def test_only_what_can_be_trained_has_trained_arms(study):
    said = {
        pair: kinds(read_table("predictions", study / f"data/predictions/{pair}.parquet"))
        for pair in ("left-on-left", "left-on-right", "right-on-left", "right-on-right")
    }
    assert said == {
        "left-on-left": {"untrained", "self", "fresh_self"},
        "left-on-right": {"cross"},
        "right-on-left": set(),
        "right-on-right": {"untrained"},
    }


def test_scores_say_whether_the_target_was_trained(study):
    scores = read_table("scores", study / "data/scores.parquet")
    assert {(row["target"], row["trained"]) for row in scores} == {("left", True), ("right", False)}


def test_numbers_that_cannot_be_had_are_absent_and_the_reason_stands_beside_them(study):
    targets, summary = metric(study, "targets"), metric(study, "summary")
    right = targets["targets"]["right"]
    assert not {"self", "fresh_self", "behavior_drift"} & right.keys()
    assert right["cross"].keys() == {"left"} and "mode" in right
    assert "cross" not in targets["targets"]["left"]
    assert not {"gap", "gap_low", "fresh_gap", "inputs"} & summary.keys()
    assert {(row["target"], row["predictor"], row["kind"]) for row in targets["absent"]} == {
        ("left", "right", "cross"),
        ("right", "right", "self"),
        ("right", "right", "fresh_self"),
    }
    text = (study / "metrics/tables/comparison.md").read_text(encoding="utf-8")
    assert "self about right, as right is taught by examples alone and not trained" in text


def test_arms_after_examples_stand_beside_the_trained_ones_in_one_table(study):
    targets = metric(study, "experiments/examples")["targets"]
    arms = {
        name: [(arm["kind"], arm["predictor"]) for arm in found["arms"]]
        for name, found in targets.items()
    }
    assert arms == {
        "left": [
            ("examples_self", "left"),
            ("examples_cross", "right"),
            ("self", "left"),
            ("fresh_self", "left"),
            ("untrained", "left"),
        ],
        "right": [
            ("examples_self", "right"),
            ("examples_cross", "left"),
            ("cross", "left"),
            ("untrained", "right"),
        ],
    }
    text = (study / "metrics/tables/examples.md").read_text(encoding="utf-8")
    assert "| right | examples self (M) |" in text and "| left | examples self |" in text
    assert "Taught by examples alone: right." in text


@pytest.mark.parametrize(
    ("name", "arms"),
    [
        ("before_after", set()),
        ("behavior_change", set()),
        ("calibration", {"cross", "untrained", "untrained_own"}),
        ("other_arms", {"cross", "cross_informed", "cross_second"}),
        ("prompt_shift", {"cross"}),
        ("scaling", {"cross"}),
    ],
)
def test_no_experiment_has_an_arm_that_was_not_trained(study, name, arms):
    rows = ran(name, "right", PARAMS, study / "cache.sqlite")
    assert kinds(rows) == arms
    text = section(name, measured(name, rows, PARAMS))
    assert "| right | M1" not in text and "| right | self |" not in text
