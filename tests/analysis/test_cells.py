"""Which cells count is judged on pilot rows alone: by variety, and by what arms can read."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from stages import evaluate, judge_cells, report
from stages.analysis.cells import ceiling_of, judge, read_cells, used_cells
from stages.analysis.pilot import Pilot, pilot_answers, read_pilot
from stages.analysis.rates import exact_better_p
from stages.analysis.rule import Ceiling, Limits
from stages.params import Params
from stages.storage.errors import StudyError
from stages.storage.tables import Row, read_table, write_table
from stages.study.arms import CROSS, FRESH_SELF, SELF, Arm
from stages.study.design import Design
from stages.study.splits import part_of
from tests.analysis import small_study
from tests.conftest import run_command

WORDS = ("cat", "dog", "horse", "ibex", "owl")
DESIGN = Design(0, (0,), ("left", "right"), ("countries_long",), ("animals_long",), ("first_word",))
CEILING = Ceiling(min_rows=10, max_p=0.05, max_difference=0.1)
LIMITS = Limits(0.9, 0.5, CEILING)
ARMS = ((SELF, "left"), (FRESH_SELF, "left"), (CROSS, "right"))


def pilot(
    said: dict[str, list[str | None]],
    did: list[str],
    *,
    seeds: tuple[int, ...] = (0,),
    questions: list | None = None,
) -> Pilot:
    """What `left` did on pilot inputs, and what arms of a kind said of it."""
    items = {
        f"{n:02}": {
            "task": "animals_long",
            "family": "sequence",
            "role": "test",
            "options": [],
            "trait_option": None,
            "questions": questions,
        }
        for n in range(len(did))
    }
    answers = dict(zip(items, did, strict=True))
    behavior = [
        {"input_id": key, "sample": 0, "response": response, "seed": seed}
        for seed in seeds
        for key, response in answers.items()
    ]
    return Pilot(
        items,
        {"left": behavior, "right": []},
        {
            Arm("left", predictor, kind, seed): [
                {
                    "input_id": key,
                    "property": "first_word",
                    "answer": answer,
                    "compliant": answer is not None,
                }
                for key, answer in zip(items, said[kind], strict=True)
            ]
            for kind, predictor in ARMS
            if kind in said
            for seed in seeds
        },
    )


def cell(found: Pilot, limits: Limits = LIMITS, design: Design = DESIGN) -> Row:
    (row,) = [row for row in judge(found, design, limits) if row["target"] == "left"]
    return row


DID = [f"{WORDS[n % 5]} lion tiger bear wolf" for n in range(20)]
TRUTH = [WORDS[n % 5] for n in range(20)]


def right_on(count: int) -> list[str | None]:
    """Right on the first inputs, no answer to the others."""
    return [word if n < count else None for n, word in enumerate(TRUTH)]


def read_by(fresh: int, cross: int) -> Row:
    return cell(
        pilot({SELF: right_on(20), FRESH_SELF: right_on(fresh), CROSS: right_on(cross)}, DID)
    )


def test_a_cell_counts_where_its_answers_vary_and_both_arms_read_them():
    row = read_by(20, 19)
    assert row["used"] and row["reason"] is None
    assert (row["rows"], row["compliance"], row["mode_share"]) == (20, 1.0, 0.2)
    assert row["entropy_bits"] == pytest.approx(2.3219, abs=1e-4)
    fresh = next(c for c in row["ceilings"] if c["kind"] == FRESH_SELF)
    # 16 of 20 are right where the mode, 4 of 20, is not; nowhere is it the other way round.
    assert fresh["p_value"] == pytest.approx(2**-16)
    assert (fresh["ceiling"], fresh["mode"], fresh["rows"]) == (1.0, 0.2, 20)
    assert used_cells([row]) == {"left": {("animals_long", "first_word")}}


def test_an_arm_that_does_not_beat_the_mode_leaves_the_cell_out_and_is_named():
    row = read_by(20, 5)
    assert row["reason"] == "right with the answer shown .25, mode .20, p .50"
    assert not row["used"] and used_cells([row]) == {"left": set()}
    both = read_by(6, 5)["reason"]
    assert both.startswith("left with the answer shown .30") and "; right with the" in both


def test_self_is_told_and_decides_nothing():
    said = {SELF: right_on(0), FRESH_SELF: right_on(20), CROSS: right_on(20)}
    row = cell(pilot(said, DID))
    assert row["used"] and row["ceilings"][0]["ceiling"] == 0.0


def test_ceilings_may_differ_by_the_limit_and_no_more():
    assert read_by(20, 18)["used"] and read_by(18, 20)["used"]
    assert read_by(20, 17)["reason"] == read_by(17, 20)["reason"] == "ceilings differ by .15"


def test_rows_are_those_with_an_answer():
    did = [*DID[:9], *[""] * 5]
    said = {kind: right_on(20)[:14] for kind, _ in ARMS}
    row = cell(pilot(said, did))
    assert row["reason"] == "9 pilot rows with an answer, fewer than 10"
    assert row["compliance"] == pytest.approx(9 / 14)


@pytest.mark.parametrize(
    ("did", "reason"),
    [
        ([DID[0]] * 19 + [DID[1]], "one value in 95%"),
        ([DID[0]] * 18 + DID[1:3], None),  # at the limit
        (["", *[""] * 10, *DID[:9]], "45% of the pilot answers have a value"),
        ([""] * 20, "no pilot answer has a value"),
    ],
)
def test_without_a_ceiling_variety_and_compliance_decide(did, reason):
    row = cell(pilot({}, did), Limits(0.9, 0.5, None))
    assert (row["used"], row["reason"], row["ceilings"]) == (reason is None, reason, [])


def test_a_share_that_is_nearly_all_is_not_told_as_all():
    limits = Limits(0.9, 0.0, None)
    assert limits.against(1.0, 1.0) == "one value in 100%"
    assert limits.against(1.0, 0.999) == "one value in 99.9%"


def test_of_models_that_are_not_trained_nothing_is_asked_and_variety_decides():
    row = cell(pilot({}, DID))
    assert row["used"] and row["ceilings"] == []
    # A cross-predictor of a target that is not trained has nobody to be like.
    assert cell(pilot({CROSS: right_on(20)}, DID))["used"]
    assert not cell(pilot({CROSS: right_on(4)}, DID))["used"]


def test_questions_of_the_tasks_own_show_no_answer():
    own = [{"property": "first_word", "messages": []}]
    said = {FRESH_SELF: [None] * 20, CROSS: [None] * 20}
    row = cell(pilot(said, DID, questions=own))
    assert row["reason"] == "the task brings its own questions, in which no answer can be shown"
    assert cell(pilot(said, DID, questions=own), Limits(0.9, 0.5, None))["used"]


def test_every_training_seed_must_pass():
    design = Design(0, (0, 7), DESIGN.subjects, DESIGN.train, DESIGN.test, DESIGN.properties)
    said = {FRESH_SELF: right_on(20), CROSS: right_on(20)}
    found = pilot(said, DID, seeds=(0, 7))
    assert cell(found, design=design)["used"]
    late = Arm("left", "right", CROSS, 7)
    missed = [row | {"answer": None, "compliant": False} for row in found.said[late]]
    worse = Pilot(found.inputs, found.did, {**found.said, late: missed})
    row = cell(worse, design=design)
    assert row["reason"] == "right (seed 7) with the answer shown .00, mode .20, p 1.00"
    rut = [row | {"response": DID[0]} if row["seed"] else row for row in found.did["left"]]
    row = cell(Pilot(found.inputs, {"left": rut, "right": []}, found.said), design=design)
    assert row["reason"] == "one value in 100%" and row["entropy_bits"] == 0.0


def test_the_mode_is_the_first_of_equally_common_values():
    said = {FRESH_SELF: ["owl", "cat"] * 10, CROSS: ["owl", "cat"] * 10}
    did = [f"{word} lion tiger bear wolf" for word in ["owl", "cat"] * 10]
    (fresh, _) = cell(pilot(said, did))["ceilings"]
    assert (fresh["mode"], fresh["p_value"]) == (0.5, 2**-10)  # cat; right on the ten owls beside


def test_the_p_value_is_mcnemars_exact_one_sided():
    assert exact_better_p(5, 0) == 2**-5
    assert exact_better_p(0, 0) == exact_better_p(0, 5) == 1.0
    assert exact_better_p(8, 2) == pytest.approx((1 + 10 + 45) / 2**10)


def test_the_ceiling_of_an_arm_is_its_mean_over_used_cells():
    used = read_by(20, 18)
    other = used | {"property": "second_word", "used": False, "ceilings": []}
    half = [row | {"ceiling": 0.5} for row in used["ceilings"]]
    third = used | {"property": "third_word", "ceilings": half}
    assert ceiling_of([used, other, third], "left", "right", CROSS) == pytest.approx(0.7)
    later = [row | {"seed": 1, "ceiling": 0.7} for row in used["ceilings"]]
    both = used | {"ceilings": [*used["ceilings"], *later]}
    assert ceiling_of([both], "left", "right", CROSS) == pytest.approx(0.8)
    assert ceiling_of([used], "left", "right", CROSS, "mode") == used["ceilings"][0]["mode"]
    assert ceiling_of([used], "right", "right", CROSS) is None


def with_ceilings(root: Path) -> Params:
    """The small study with a ceiling, whose arms read what they are shown; its params."""
    params = small_study.params()
    params["evaluate"]["ceiling"] = {"min_rows": 12, "max_p": 0.05, "max_difference": 0.1}
    (root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    for predictor in small_study.MODELS:
        for target in small_study.MODELS:
            path = root / f"data/predictions/{predictor}-on-{target}.parquet"
            scored = read_table("predictions", path)
            write_table("predictions", [*scored, *shown(scored, target)], path)
    return Params.model_validate(params)


def shown(scored: list[Row], target: str) -> list[Row]:
    """What each trained arm says where the answer of the target stands in the question."""
    arms = {(row["kind"], row["seed"]): row for row in scored if row["seed"] is not None}
    return [
        row
        | {"input_id": item["input_id"], "task": item["task"], "property": name, "shown": True}
        | dict.fromkeys(
            ("raw_answer", "answer"), small_study.value(target, item, name, trained=True)
        )
        | {"compliant": True}
        for row in arms.values()
        for item in small_study.inputs()
        if part_of(item["role"], item["input_id"]) == "pilot"
        for name in small_study.asked(item)
    ]


def test_the_stage_prints_pilot_numbers_and_totals(study):
    with_ceilings(study)
    told = run_command(judge_cells).splitlines()
    assert len(told) == (1 + 6 + 1) + (1 + 4 + 1) + (1 + 6 + 1) + 2
    first = next(line for line in told if "first_word" in line)
    assert first.split()[:6] == ["left", "animals_long", "first_word", "12", "1.00", "0.25"]
    assert "left fresh_self 1.00 (0.25), right cross 1.00 (0.25)" in first
    assert first.endswith("  used")
    assert next(line for line in told if "ethical_stance" in line).endswith("one value in 100%")
    answers = {tuple(line.split()[:2]): line.split()[2:] for line in told[9:13]}
    assert answers["left", "animals_long"] == ["12", "0.61", "1.00", "1.00"]
    assert len(answers) == 4
    trainings = [line.split() for line in told[15:21]]
    assert ["left", "right", "cross", "0", "0.50", "0.25", "0.25"] in trainings
    assert told[-2:] == [
        "left: 2 of 3 cells in 1 of 2 tasks are used",
        "right: 3 of 3 cells in 2 of 2 tasks are used",
    ]


def test_certainty_and_what_is_kept_are_of_pilot_answers_of_each_task():
    found = pilot({}, ["Cat, dog", "owl fox", "owl", ""], seeds=(0, 1))
    before = [
        {"input_id": f"{n:02}", "sample": 0, "response": text, "first_token_logprob": logprob}
        for n, (text, logprob) in enumerate(
            [("cat dog", math.log(0.2)), ("owl fox", None), ("ibex", math.log(0.6)), ("", 0.0)]
        )
    ]
    (row,) = pilot_answers(
        replace(found, before={"left": before}), replace(DESIGN, subjects=("left",))
    )
    assert row == {
        "target": "left",
        "task": "animals_long",
        "inputs": 4,
        "certainty": pytest.approx(0.6),
        "kept": 0.5,
        "first_kept": 0.75,
    }


def test_no_scored_row_decides_which_cells_count(study):
    """Whatever scored rows say, or where there are none of them, the cells are the same bytes."""
    with_ceilings(study)
    told = run_command(judge_cells)
    path = Path("data/cells.parquet")
    cells = path.read_bytes()
    scored = {
        item["input_id"]
        for item in small_study.inputs()
        if (item["role"], item["split"]) == ("test", "test")
    }
    for kind in ("behavior", "predictions"):
        said = {"response": ""} if kind == "behavior" else {"answer": None, "compliant": False}
        for keep in (True, False):
            for table in Path("data", kind).glob("*.parquet"):
                rows = [
                    row | said if row["input_id"] in scored else row
                    for row in read_table(kind, table)
                    if keep or row["input_id"] not in scored
                ]
                write_table(kind, rows, table)
            assert run_command(judge_cells) == told
            assert path.read_bytes() == cells


def test_a_study_without_a_used_cell_is_evaluated_and_has_no_number(study):
    params = small_study.params()
    params["evaluate"]["ceiling"] = {"min_rows": 13, "max_p": 0.05, "max_difference": 0.1}
    (study / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    run_command(judge_cells)
    run_command(evaluate)
    rows = read_table("scores", "data/scores.parquet")
    assert rows and not any(row["informative"] for row in rows)
    told = json.loads(Path("metrics/by_task.json").read_text(encoding="utf-8"))["cells"]
    reasons = {row["reason"] for row in told}
    assert reasons == {"0 pilot rows with an answer, fewer than 13", "one value in 100%"}
    summary = json.loads(Path("metrics/summary.json").read_text(encoding="utf-8"))
    assert summary.keys() == {"kept", "drift"}
    run_command(report)


def test_no_row_of_another_part_is_taken_for_a_pilot_row(study):
    design = with_ceilings(study).design
    found = read_pilot(design, Path("data"))
    wanted = {
        item["input_id"]
        for item in small_study.inputs()
        if part_of(item["role"], item["input_id"]) == "pilot"
    }
    assert {row["input_id"] for row in found.did["left"]} == wanted
    assert len(found.said) == 6
    assert {row["input_id"] for rows in found.said.values() for row in rows} == wanted


def test_a_missing_table_or_one_of_another_study_is_one_line(study):
    design = Params.model_validate(small_study.params()).design
    path = Path("data/cells.parquet")
    write_table("cells", read_table("cells", path)[1:], path)
    with pytest.raises(StudyError, match="first_word in animals_long is not judged for left; run"):
        read_cells(path, small_study.inputs(), design)
    path.unlink()
    Path("data/behavior/left-self.parquet").unlink()
    result = CliRunner().invoke(judge_cells.main, [])
    assert result.exit_code == 1 and len(result.output.splitlines()) == 1
    assert "data/behavior/left-self.parquet: no such table" in result.output
