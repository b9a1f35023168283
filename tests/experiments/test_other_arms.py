"""Other arms: what each is taught, asked and told apart by, and when self-knowledge is said."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from stages import evaluate
from stages.experiment import main_study
from stages.experiments.other_arms.measure import COMPARED, plot, verdict
from stages.experiments.other_arms.run import _draws, lessons, run
from stages.experiments.shared.training import dataset_lessons
from stages.models.opening import Models
from stages.models.planning import planned
from stages.params import Params
from stages.reporting.sections import line, section
from stages.storage.response_cache import ResponseCache, cache_folder
from stages.storage.tables import Row, read_table, write_table
from stages.study.arms import (
    CROSS_INFORMED,
    CROSS_SECOND,
    FRESH_SELF,
    OTHER_ARMS,
    SELF,
    SIMILAR,
    Arm,
    arm_seed,
)
from stages.study.splits import part_of
from tests.analysis import small_study
from tests.experiments import tiny_study
from tests.experiments.outcomes import measured, ran

TOLD = {"other_arms": {"arms": list(OTHER_ARMS)}}
THIRD = {"train": "third", "test": "third"}
PARAMS = tiny_study.params(TOLD, cross_questions=THIRD)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Iterator[Path]:
    with tiny_study.working_study(tmp_path_factory.mktemp("study")) as root:
        evaluate.main([], standalone_mode=False)
        yield root


@pytest.fixture(scope="module")
def rows(study) -> list[Row]:
    found = ran("other_arms", "left", PARAMS, study / "c.sqlite")
    write_table("outcomes", found, study / "outcomes.parquet")
    return read_table("outcomes", study / "outcomes.parquet")


def of(rows: list[Row], kind: str) -> list[Row]:
    return [row for row in rows if row["kind"] == kind]


def adapters() -> set[Path]:
    return {path for path in (cache_folder() / "adapters").iterdir() if path.is_dir()}


def taught(arm: Arm, study: Path, params: Params = PARAMS) -> list[Row]:
    with ResponseCache(study / "c.sqlite") as answers:
        return lessons.lesson(arm, main_study(params, Models("experiment")), answers) or []


def test_every_arm_answers_the_same_rows_of_used_cells_about_the_same_truth(rows):
    assert {(row["kind"], row["predictor"]) for row in rows} == {
        *(("self", "left"), ("fresh_self", "left"), ("similar", "left")),
        *((kind, "right") for kind in ("cross", "cross_informed", "cross_second")),
    }
    about = [
        {(row["input_id"], row["property"], row["truth"], row["mode_correct"]) for row in own}
        for own in (of(rows, kind) for kind in {row["kind"] for row in rows})
    ]
    assert all(found == about[0] for found in about)
    assert len({key for key, *_ in about[0]}) == small_study.TEST_INPUTS
    assert {row["property"] for row in rows} == {"first_word", "first_character"}  # used cells


def test_the_arms_of_the_main_study_say_what_they_said_there(rows):
    for kind, predictor in (("self", "left"), ("fresh_self", "left"), ("cross", "right")):
        table = f"data/predictions/{predictor}-on-left.parquet"
        said = {
            (row["input_id"], row["property"]): row["raw_answer"]
            for row in read_table("predictions", table)
            if row["kind"] == kind
        }
        assert all(
            said[row["input_id"], row["property"]] == row["raw_answer"] for row in of(rows, kind)
        )


def test_only_the_informed_cross_is_asked_about_another_model(rows):
    for kind in OTHER_ARMS:
        texts = [row["question"][0]["content"] for row in of(rows, kind)]
        third = [text.startswith("Another language model") for text in texts]
        assert texts and all(found == (kind == CROSS_INFORMED) for found in third)


def test_similar_has_the_lesson_of_self_and_draws_of_its_own(study):
    arm = Arm("left", "left", SIMILAR, 0)
    assert taught(arm, study) == dataset_lessons("left-self", 0)
    for seed_by in ("study", "arm"):
        rule = PARAMS.finetune.model_copy(update={"seed_by": seed_by})
        draws = {_draws(Arm("left", "left", SIMILAR, seed), arm.adapter, rule) for seed in (0, 1)}
        assert draws == {arm_seed(0, arm.adapter), arm_seed(1, arm.adapter)}
        assert not draws & {0, 1, arm_seed(0, "left-self"), arm_seed(1, "left-self")}


def test_the_cross_in_the_second_person_has_the_lesson_of_fresh_self(study):
    arm = Arm("left", "right", CROSS_SECOND, 0)
    assert taught(arm, study) == dataset_lessons("left-fresh", 0)
    assert arm.dataset == Arm("left", "left", FRESH_SELF, 0).dataset


def test_the_informed_cross_also_has_what_m1_answers_to_rehearsal_inputs_and_no_other(study):
    arm = Arm("left", "right", CROSS_INFORMED, 0)
    rows, lesson = taught(arm, study), dataset_lessons("left-cross", 0)
    assert rows[: len(lesson)] == lesson
    informed = {row["input_id"]: row for row in rows[len(lesson) :]}
    inputs = [row for row in small_study.inputs() if row["role"] == "test"]
    rehearsal = {
        row["input_id"]: row
        for row in inputs
        if part_of(row["role"], row["input_id"]) == "rehearsal"
    }
    assert informed and informed.keys() <= rehearsal.keys()
    assert len(informed) == len(rows) - len(lesson)
    for key, row in informed.items():
        assert row["question"] == rehearsal[key]["object_prompt"]
    with ResponseCache(study / "c.sqlite") as answers:
        told = main_study(PARAMS, Models("experiment"))
        m1 = told.models.trained("left", "left-self", 0)
        did = told.done(m1, list(rehearsal.values()), answers)
    said = {row["input_id"]: row["response"] for row in did}
    assert {key: row["label"] for key, row in informed.items()} == {k: said[k] for k in informed}


def test_the_informed_cross_rehearses_no_own_answer_where_it_rehearses_m1s(study):
    how = small_study.params()["finetune"] | {"rehearse": "answers", "rehearse_weight": 2.0}
    params = tiny_study.params(TOLD, cross_questions=THIRD, finetune=how)
    arm = Arm("left", "right", CROSS_INFORMED, 0)

    def rehearsed(found: list[Row]) -> dict[str, list[Row]]:
        own: dict[str, list[Row]] = {}
        for row in found:
            if row.get("rehearsed"):
                own.setdefault(row["input_id"], []).append(row)
        return own

    both, m1s = rehearsed(taught(arm, study, params)), rehearsed(taught(arm, study))
    own = rehearsed(taught(Arm("left", "right", CROSS_SECOND, 0), study, params))
    assert m1s and own.keys() & m1s.keys() and own.keys() - m1s.keys()
    m1s = {key: [row | {"weight": 2 * row["weight"]} for row in rows] for key, rows in m1s.items()}
    assert both == own | m1s


def test_without_rehearsal_inputs_there_is_no_informed_cross_and_the_reason_is_told(
    study, monkeypatch
):
    monkeypatch.setattr(lessons, "part_of", lambda role, input_id: "pilot")
    rows = ran("other_arms", "left", PARAMS, study / "c.sqlite")
    assert not of(rows, CROSS_INFORMED) and of(rows, CROSS_SECOND)
    found = measured("other_arms", rows, PARAMS)
    assert "no rehearsal inputs" in found["targets"]["left"]["absent"][CROSS_INFORMED]
    assert found["targets"]["right"]["absent"][SIMILAR] == "no cell of it is used"
    assert "Not there: cross informed, as there are no rehearsal" in section("other_arms", found)


def test_who_is_taught_by_examples_alone_has_none_of_the_arms(study):
    how = small_study.params()["finetune"] | {"models": {"right": {"teach": "examples"}}}
    told = tiny_study.params(TOLD, cross_questions=THIRD, finetune=how)
    rows = ran("other_arms", "left", told, study / "c.sqlite")
    assert {row["kind"] for row in rows if row["kind"] in OTHER_ARMS} == {SIMILAR}
    kept = [row for row in rows if row["kind"] != "cross"]  # the main study would have none
    absent = measured("other_arms", kept, PARAMS)["targets"]["left"]["absent"]
    assert absent.keys() == {"cross", CROSS_INFORMED, CROSS_SECOND}
    assert all("taught by examples alone" in reason for reason in absent.values())


def test_a_target_without_used_cells_trains_nothing(study, monkeypatch, caplog):
    monkeypatch.setattr("stages.experiments.other_arms.run.informative", lambda target: set())
    before = adapters()
    assert ran("other_arms", "left", PARAMS, study / "empty.sqlite") == []
    assert adapters() == before
    assert "no cell of left is used" in caplog.text


def test_a_plan_has_the_trainings_of_the_run_and_makes_none(study, rows):
    def plans(params: Params) -> list:
        with ResponseCache(study / "c.sqlite") as answers:
            told = params.told("other_arms")
            return planned(
                Models("experiment"),
                lambda models: run("left", told, main_study(params, models), answers),
            )

    before = adapters()
    done = [(plan.trainings, plan.trained) for plan in plans(PARAMS) if plan.trainings]
    assert sorted(done) == [(1, 1), (2, 2)]
    rule = PARAMS.finetune.model_copy(update={"learning_rate": 0.002})
    new = plans(PARAMS.model_copy(update={"finetune": rule}))
    assert sum(plan.trainings - plan.trained for plan in new) == 3
    assert adapters() == before


TASKS, NAMES, INPUTS = ("animals_long", "stories_sentences"), ("first_word", "second_word"), 40
RIGHT = {"self": 0.9, "fresh_self": 0.8, "similar": 0.5, "cross": 0.3, "cross_second": 0.4}
RIGHT["cross_informed"] = 0.75


def outcome_rows(right: dict[str, float], target: str = "left") -> list[Row]:
    """Each arm is right on a share of the inputs of each cell: the first, or the last if negative.

    On the others it says what is nowhere right.
    """
    rows = []
    for kind, share in right.items():
        hits = round(INPUTS * abs(share))
        first = range(hits) if share > 0 else range(INPUTS - hits, INPUTS)
        for task, name, number in product(TASKS, NAMES, range(INPUTS)):
            truth = f"w{number % 20}"
            rows.append(
                {
                    "target": target,
                    "predictor": "right" if kind.startswith("cross") else target,
                    "kind": kind,
                    "condition": "main study",
                    "input_id": f"{task[0]}{number:015}",
                    "task": task,
                    "property": name,
                    "answer": truth if number in first else "z",
                    "truth": truth,
                    "correct": number in first,
                    "mode_correct": number % 20 == 0,
                }
            )
    return rows


def numbers(right: dict[str, float]) -> dict:
    return measured("other_arms", outcome_rows(right), PARAMS)


def test_differences_are_those_of_shared_rows_raw_and_corrected():
    found = numbers(RIGHT)["targets"]["left"]
    arms = {arm["kind"]: arm for arm in found["arms"]}
    assert {kind: arm["accuracy"]["estimate"] for kind, arm in arms.items()} == RIGHT
    assert list(arms)[:2] == ["self", "fresh_self"] and arms["cross"]["cells"] == 4
    assert found["mode"]["estimate"] == 0.05
    for own, other in COMPARED:
        one = found["against"][f"{own}_minus_{other}"]
        assert one["raw"]["estimate"] == pytest.approx(RIGHT[own] - RIGHT[other], abs=1e-4)
        apart = arms[own]["corrected"]["estimate"] - arms[other]["corrected"]["estimate"]
        assert one["corrected"]["estimate"] == pytest.approx(apart, abs=2e-4)
        assert one["corrected"]["rows"] == 4 * INPUTS
        assert one["corrected"]["inputs"] == 2 * INPUTS


def test_over_all_targets_the_mean_has_an_interval_over_targets_too():
    low = RIGHT | {"fresh_self": 0.7}
    rows = outcome_rows(RIGHT) + outcome_rows(low, "right")
    targets = measured("other_arms", rows, PARAMS)["targets"]
    name = f"{FRESH_SELF}_minus_{SIMILAR}"
    own = [
        targets[target]["against"][name]["corrected"]["estimate"] for target in ("left", "right")
    ]
    every = targets["all"]["against"][name]
    assert every["corrected"]["estimate"] == pytest.approx(sum(own) / 2, abs=1e-4)
    assert every["over_targets"]["by"] == {"left": own[0], "right": own[1]}
    spread = every["over_targets"]
    assert spread["ci_low"] < every["corrected"]["ci_low"] < every["corrected"]["ci_high"]


def test_too_little_data_has_its_reason_and_no_number():
    few = [row for row in outcome_rows(RIGHT) if row["task"] == "animals_long"]
    found = measured("other_arms", few, PARAMS)["targets"]["left"]
    assert {tuple(one) for one in found["against"].values()} == {("reason",)}
    assert found["verdict"] == "too_little"
    reason = found["against"]["fresh_self_minus_cross"]["reason"]
    assert f"| fresh self minus cross | - | - | - | - | - | {reason} |" in section(
        "other_arms", numbers_of(few)
    )


def numbers_of(rows: list[Row]) -> dict:
    return measured("other_arms", rows, PARAMS)


@pytest.mark.parametrize(
    ("changed", "expected", "sign"),
    [
        ({}, "self_knowledge", True),
        ({"similar": 0.9}, "same_base", True),
        ({"similar": 1.0}, "same_base", True),
        ({"cross_second": 0.9}, "persons_differ", False),
        ({"fresh_self": -0.3}, "not_shown", None),
        ({"cross": 1.0, "cross_second": 0.95}, "other_base", True),
        ({"cross": 1.0}, "persons_differ", False),
    ],
)
def test_self_knowledge_is_said_only_where_self_beats_similar_and_both_persons_agree(
    changed, expected, sign
):
    found = numbers(RIGHT | changed)
    left = found["targets"]["left"]
    assert left["verdict"] == expected
    if sign is not None:
        assert left["same_sign"] is sign
    assert found["targets"]["all"]["verdict"] == expected
    text = section("other_arms", found)
    against = found["targets"]["all"]["against"]["self_minus_similar"]["corrected"]
    assert f"self minus similar {against['estimate']:.3f} (" in line("other_arms", found)
    assert ("left: self-knowledge: the same base" in text) == (expected == "self_knowledge")


def test_without_a_cross_in_the_second_person_no_verdict_is_given():
    rows = {kind: share for kind, share in RIGHT.items() if kind != CROSS_SECOND}
    found = numbers(rows)["targets"]["left"]
    assert "same_sign" not in found and found["verdict"] == "one_person"
    assert not {name for name in found["against"] if name.endswith(CROSS_SECOND)}


def test_a_verdict_needs_one_sign_before_and_after_what_is_dealt_out():
    ahead = {"corrected": {"estimate": 0.2, "ci_low": 0.1, "ci_high": 0.3}, "agree": True}
    compared = {f"{own}_minus_{other}": ahead for own, other in COMPARED}
    assert verdict(compared) == "self_knowledge"
    assert verdict(compared | {f"{SELF}_minus_{SIMILAR}": ahead | {"agree": False}}) == "same_base"
    assert verdict(compared | {"fresh_self_minus_cross": ahead | {"agree": False}}) == "raw_differs"


def test_an_informed_cross_that_is_not_behind_is_told():
    text = section("other_arms", numbers(RIGHT | {"cross_informed": 0.8}))
    assert "that rehearsed M1's own answers is not shown to be behind" in text
    assert "is not shown to be behind" not in section("other_arms", numbers(RIGHT))


def test_the_plot_has_a_point_for_each_difference():
    points = plot(numbers(RIGHT))
    left = [point for point in points if point["target"] == "left"]
    assert len(left) == 2 * len(COMPARED)
    assert {"compared": "self minus similar", "of": "raw"}.items() <= left[-1].items()


@pytest.mark.parametrize(
    ("arms", "message"),
    [([], "at least 1"), (["twin"], "'twin' is no arm; allowed"), ([SIMILAR, SIMILAR], "twice")],
)
def test_arms_are_known_and_named_once(arms, message):
    with pytest.raises(ValueError, match=message):
        tiny_study.params({"other_arms": {"arms": arms}})
