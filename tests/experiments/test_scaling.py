"""Smaller training sets are parts of larger ones; the largest point is the main study."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stages import evaluate
from stages.experiment import main_study
from stages.experiments.scaling.measure import plot
from stages.experiments.scaling.run import run, training_order
from stages.models.opening import Models
from stages.models.plan import Plan
from stages.models.planning import planned
from stages.params import Params
from stages.reporting.sections import section
from stages.storage.response_cache import ResponseCache, cache_folder
from stages.storage.tables import Row, read_table, write_table
from tests.analysis import small_study
from tests.experiments import tiny_study
from tests.experiments.outcomes import measured, ran

PARAMS = tiny_study.params({"scaling": {"sizes": [2, 5], "inputs": 6}})


def lessons(sizes: dict[str, int]) -> list[Row]:
    return [
        {"input_id": f"{task}-{number}", "task": task}
        for task, size in sizes.items()
        for number in range(size)
    ]


def two_tasks():
    tasks = small_study.params()["tasks"] | {"train": ["countries_long", "colors_long"]}
    return tiny_study.params({}, tasks=tasks).design


def test_every_beginning_of_the_order_is_balanced_over_tasks():
    rows = lessons({"colors_long": 9, "countries_long": 4})
    order = training_order(rows, rows, two_tasks())
    assert sorted(order) == sorted(row["input_id"] for row in rows)
    for size in range(1, 9):
        countries = sum(key.startswith("countries") for key in order[:size])
        assert countries == (size + 1) // 2
    assert all(key.startswith("colors") for key in order[8:])


def test_the_order_is_decided_by_ids_and_more_inputs_only_add_to_it():
    few, many = lessons({"colors_long": 5}), lessons({"colors_long": 9})
    order = training_order(few, few, two_tasks())
    assert training_order(few[::-1], few[::-1], two_tasks()) == order
    assert [key for key in training_order(many, many, two_tasks()) if key in order] == order


def test_only_inputs_that_both_datasets_teach_are_taken():
    stale, fresh = lessons({"colors_long": 5})[:3], lessons({"colors_long": 5})[1:]
    order = training_order(stale, fresh, two_tasks())
    assert sorted(order) == ["colors_long-1", "colors_long-2"]


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Iterator[Path]:
    with tiny_study.working_study(tmp_path_factory.mktemp("study")) as root:
        evaluate.main([], standalone_mode=False)
        for path in ("data/datasets/left-cross.parquet", "data/datasets/left-fresh.parquet"):
            fresh = read_table("datasets", path)  # M1 answers anew
            write_table("datasets", [row | {"label": "zebra"} for row in fresh], path)
        yield root


def plan_of(params: Params, cache: Path) -> list[Plan]:
    """What the experiment would ask and train about left."""
    with ResponseCache(cache) as answers:
        return planned(
            Models("experiment"),
            lambda models: run("left", params.told("scaling"), main_study(params, models), answers),
        )


def adapters() -> set[Path]:
    return {path for path in (cache_folder() / "adapters").iterdir() if path.is_dir()}


def test_each_arm_is_trained_at_each_size_and_once(study):
    before = adapters()
    rows = ran("scaling", "left", PARAMS, study / "c.sqlite")
    trained = adapters() - before
    assert len(trained) == 3 * 2
    assert ran("scaling", "left", PARAMS, study / "c.sqlite") == rows
    assert adapters() == before | trained
    write_table("outcomes", rows, "outcomes.parquet")
    asked = {}
    for row in rows:
        place = row["input_id"], row["property"]
        asked.setdefault((row["kind"], row["condition"]), set()).add(place)
    assert set(asked) == {
        (kind, size) for kind in ("self", "fresh_self", "cross") for size in ("2", "5", "20")
    }
    assert len(set(map(frozenset, asked.values()))) == 1
    assert len({key for key, _ in asked["self", "2"]}) == 6  # values_choice is uninformative
    said = {
        (row["input_id"], row["property"]): row["raw_answer"]
        for row in read_table("predictions", "data/predictions/right-on-left.parquet")
    }
    assert all(
        said[row["input_id"], row["property"]] == row["raw_answer"]
        for row in rows
        if (row["kind"], row["condition"]) == ("cross", "20")
    )


def test_only_informative_cells_are_asked_about(study):
    rows = ran("scaling", "left", PARAMS, study / "c.sqlite")
    assert {row["property"] for row in rows} == {"first_word", "first_character"}


def test_a_size_that_is_no_part_is_left_out_and_named(study, caplog):
    params = tiny_study.params({"scaling": {"sizes": [2, 20], "inputs": 6}})
    rows = ran("scaling", "right", params, study / "c.sqlite")
    assert {row["condition"] for row in rows} == {"2", "20"}  # 20 is the main study
    assert "left out 20, which is not under 20" in caplog.text


def outcome(kind: str, size: int, number: int, right: bool, target: str = "left") -> Row:
    return {
        "target": target,
        "predictor": target,
        "kind": kind,
        "seed": 0,
        "condition": str(size),
        "input_id": f"{number:016}",
        "task": "animals_long",
        "property": "first_word",
        "correct": right,
        "mode_correct": number == 0,
    }


def test_accuracies_and_gaps_stand_by_size_and_the_main_study_is_the_last():
    rows = [
        outcome(kind, size, number, number < hits)
        for kind, sizes in {
            "self": {2: 1, 5: 2, 40: 4},
            "fresh_self": {2: 1, 5: 3, 39: 4},
            "cross": {2: 1, 5: 1, 39: 2},
        }.items()
        for size, hits in sizes.items()
        for number in range(4)
    ]
    found = measured("scaling", rows, PARAMS)
    left = found["targets"]["left"]
    assert [size["inputs"] for size in left["sizes"]] == [2, 5, 40]
    assert [size["self"]["estimate"] for size in left["sizes"]] == [0.25, 0.5, 1.0]
    assert [size["self_minus_cross"]["estimate"] for size in left["sizes"]] == [0, 0.25, 0.5]
    assert [s["fresh_self_minus_cross"]["estimate"] for s in left["sizes"]] == [0, 0.5, 0.5]
    assert left["mode"]["estimate"] == 0.25
    points = [p for p in plot(found) if (p["target"], p["kind"]) == ("left", "cross")]
    assert [(p["inputs"], p["accuracy"]) for p in points] == [(2, 0.25), (5, 0.25), (40, 0.5)]
    assert "| left | 40 | 1.000" in section("scaling", found)


def test_a_plan_has_the_answers_and_trainings_of_the_run_and_makes_none(study):
    cache, before = study / "planned.sqlite", adapters()
    new = plan_of(tiny_study.params({"scaling": {"sizes": [3], "inputs": 6}}), cache)
    assert [(plan.trainings, plan.trained) for plan in new if plan.trainings] == [(2, 0), (1, 0)]
    assert adapters() == before
    ran("scaling", "left", PARAMS, cache)
    first = plan_of(PARAMS, study / "empty.sqlite")
    last = plan_of(PARAMS, cache)
    assert sum(plan.answers for plan in first) == sum(plan.answers for plan in last) > 0
    assert sum(plan.kept for plan in first) == 0
    assert [plan.kept for plan in last] == [plan.answers for plan in last]
    assert [(plan.trainings, plan.trained) for plan in last if plan.trainings] == [(4, 4), (2, 2)]
