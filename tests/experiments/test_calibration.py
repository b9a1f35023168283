"""calibration: distributions made by hand, and tiny models whose training changed nothing."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from stages.analysis.calibration import drawn_deviations
from stages.experiments.calibration import measure, run
from stages.experiments.calibration.measure import plot
from stages.experiments.calibration.run import value_rows
from stages.experiments.calibration.run.shares import Said, by_condition
from stages.models.local.subject.loading import load_base
from stages.published import calibration as published
from stages.published.calibration import bin_numbers
from stages.reporting.sections import section
from stages.storage.tables import write_table
from stages.study.splits import rng
from tests.analysis import small_study
from tests.conftest import CHAT
from tests.experiments import tiny_study
from tests.experiments.outcomes import measured, ran
from tests.tiny_models import describe, make_tiny_model

VALUES = next(task for task, family in small_study.FAMILIES.items() if family == "values")
TOLD = {"inputs": 3, "samples": 8, "properties": ["first_word", "ethical_stance"], "bins": 5}


PARAMS = tiny_study.params({"calibration": TOLD})


def numbers(rows: list[dict]) -> dict:
    return measured("calibration", rows, PARAMS)


def rows(did: dict[str, dict], said: dict[str, dict], kind: str = "self", name="first_word"):
    """Outcomes of target left; `did` has the shares by condition, `said` those of the arm."""
    predictor = "right" if kind == "cross" else "left"
    about = {"target": "left", "predictor": predictor, "kind": kind, "seed": 0, "task": "animals"}
    return [
        row | about for key in did for row in value_rows((key, name), did[key], Said([], said[key]))
    ]


def two_valued(count: int = 20) -> dict[str, dict[str, float]]:
    return {
        f"{n:02}": {"cat": (n + 1) / (count + 1), "dog": (count - n) / (count + 1)}
        for n in range(count)
    }


def exact(shares: dict[str, dict]) -> dict[str, dict]:
    ordered = {key: dict(sorted(s.items(), key=lambda p: -p[1])) for key, s in shares.items()}
    return {key: {"exact": own} for key, own in ordered.items()}


def arm(found: dict, kind: str, name: str = "all") -> dict:
    return next(r for r in found["arms"] if (r["kind"], r["property"]) == (kind, name))


def test_who_says_what_the_target_does_has_no_deviation_and_another_input_gives_one():
    shares = two_valued()
    found = numbers(rows(exact(shares), shares))
    own = arm(found, "self")
    assert (own["mad"], own["ece"], own["compliance"]) == (0, 0, 1)
    assert own["brier"] == pytest.approx(
        sum(1 - s["cat"] ** 2 - s["dog"] ** 2 for s in shares.values()) / len(shares), abs=1e-4
    )
    assert own["dealt_out"]["mad"] > 10
    assert own["dealt_out"]["minus"]["ci_high"] < 0
    assert own["dealt_out"]["brier"] > own["brier"]
    assert (own["points"], own["inputs"]) == (40, 20)


def test_the_brier_score_is_zero_for_certain_and_right_and_two_for_certain_and_wrong():
    for said, score in (({"cat": 1.0}, 0), ({"dog": 1.0}, 2), ({"cat": 0.5, "dog": 0.5}, 0.5)):
        did = exact({"a": {"cat": 1.0}, "b": {"cat": 1.0}})
        assert arm(numbers(rows(did, dict.fromkeys(did, said))), "self")["brier"] == score


def test_who_says_the_average_of_every_input_is_no_nearer_than_its_control():
    shares = two_valued()
    average = {key: {"cat": 0.5, "dog": 0.5} for key in shares}
    own = arm(numbers(rows(exact(shares), average)), "self")
    assert own["mad"] == own["dealt_out"]["mad"] > 0
    assert own["dealt_out"]["minus"] == {"estimate": 0, "ci_low": 0, "ci_high": 0}


def test_self_minus_cross_is_below_zero_where_self_is_nearer():
    shares = two_valued()
    off = {key: {"cat": s["dog"], "dog": s["cat"]} for key, s in shares.items()}
    found = numbers(rows(exact(shares), shares) + rows(exact(shares), off, "cross"))
    row = next(r for r in found["differences"] if r["property"] == "all")
    assert (row["kind"], row["minus"], row["minus_predictor"]) == ("self", "cross", "right")
    assert row["estimate"] == -arm(found, "cross")["mad"]
    assert row["ci_low"] <= row["estimate"] <= row["ci_high"] < 0
    assert found == numbers(
        rows(exact(shares), off, "cross") + rows(exact(shares), shares)
    )  # whatever the order


def test_answers_that_do_not_comply_deviate_and_not_when_they_are_set_aside():
    shares = two_valued()
    half = {key: {v: p / 2 for v, p in s.items()} for key, s in shares.items()}
    own = arm(numbers(rows(exact(shares), half)), "self")
    assert own["compliance"] == 0.5
    assert own["mad"] > 20 and own["mad_complied"] == 0


def test_a_value_that_was_likely_by_luck_deviates_as_published_and_not_with_halves():
    values = [f"word{n}" for n in range(10)]
    did = {f"{n:03}": by_condition(rng(0, "luck", n).choices(values, k=20)) for n in range(200)}
    own = arm(numbers(rows(did, dict.fromkeys(did, dict.fromkeys(values, 0.1)))), "self")
    assert own["mad_published"] > 5
    assert own["mad"] < own["mad_published"] / 4


def test_the_halves_rank_by_the_first_and_measure_by_the_second():
    did = by_condition(["cat", "cat", None, "dog", "dog", "dog", "dog", "owl"])
    assert did["first_half"] == {"cat": 2 / 3, "dog": 1 / 3}
    found = list(value_rows(("a", "first_word"), did, Said([], {"dog": 0.5, "ibex": 0.25})))
    assert {
        row["truth"]: (row["rank"], row["target_probability"], row["predicted_probability"])
        for row in found
        if row["condition"] == "second_half"
    } == {"cat": (1, 0.0, 0.0), "dog": (2, 0.75, 0.5)}
    whole = {row["truth"]: row["rank"] for row in found if row["condition"] == "all"}
    assert whole == {"dog": 1, "cat": 2, "owl": 3, "ibex": None}
    assert {row["answer"] for row in found} == {"dog"}


def test_the_bootstrap_draws_whole_inputs_and_agrees_with_the_deviation():
    gaps = np.array([[0.1, 0.2], [0.3, 0.2], [0.1, 0.2], [0.3, 0.2]])
    inputs = [("animals", "a"), ("animals", "a"), ("animals", "b"), ("animals", "b")]
    drawn = drawn_deviations(gaps, bin_numbers([0.2, 0.8, 0.2, 0.8], 2), inputs, 0)
    assert drawn == pytest.approx(20)  # both inputs have the same points, whatever is drawn


def test_the_section_and_the_plot_show_each_arm():
    shares = two_valued()
    found = numbers(rows(exact(shares), shares) + rows(exact(shares), shares, "cross"))
    text = section("calibration", found)
    assert "| left | cross (right) | 0.0 |" in text
    assert "| left | all | self minus cross (right) | 0.0 (0.0 to 0.0) | 40 | 20 |" in text
    assert {
        (row["kind"], row["predicted_probability"] == row["target_probability"])
        for row in plot(found)
    } == {("self", True), ("cross", True)}
    assert "## Calibration" in section("calibration", numbers([]))


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Two tiny models whose adapters change nothing, and the inputs of the small study."""
    from peft import LoraConfig, get_peft_model

    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(small_study.MODELS):
        folder = describe(make_tiny_model(Path("data/models") / name, seed), name, stop=["\n"])
        (folder / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
        lora = get_peft_model(load_base(folder).model, LoraConfig(r=2, target_modules=["q_proj"]))
        for adapter in ("left-self", "left-on-left", "right-on-left"):
            if adapter.startswith(name):
                lora.save_pretrained(Path("data/adapters") / adapter / "seed-0")
    for task in small_study.FAMILIES:
        own = [row for row in small_study.inputs() if row["task"] == task]
        write_table("tasks", own, f"data/tasks/{task}.parquet")
    score = {
        "target": "left",
        "predictor": "left",
        "kind": "self",
        "input_id": "x",
        "truth": "x",
        "compliant": True,
        "correct": True,
        "mode_answer": "x",
        "mode_correct": True,
        "seed": 0,
        "target_logprob": 0.0,
        "informative": True,
        "trained": True,
    }
    cells = (("animals_long", "first_word"), (VALUES, "ethical_stance"))
    scores = [score | {"task": task, "property": name} for task, name in cells]
    write_table("scores", scores, "data/scores.parquet")
    return tmp_path


def test_training_that_changes_nothing_leaves_what_is_done_and_said_as_it_was(study):
    found = ran("calibration", "left", PARAMS, study / "cache.sqlite")
    write_table("outcomes", found, "outcomes.parquet")
    kinds = {row["kind"] for row in found}
    assert kinds == {"self", "fresh_self", "cross", "untrained", "untrained_own"}
    of = {
        kind: [
            {k: v for k, v in row.items() if k not in ("kind", "predictor")}
            for row in found
            if row["kind"] == kind
        ]
        for kind in kinds
    }
    assert of["self"] == of["untrained"] == of["untrained_own"] == of["fresh_self"]
    assert of["self"] != of["cross"]
    totals: Counter[tuple] = Counter()
    for row in found:
        if row["condition"] in ("exact", "all"):
            key = row["kind"], row["input_id"], row["property"], row["condition"]
            totals[key] += row["target_probability"]
    assert {key[2:] for key in totals} == {("first_word", "all"), ("ethical_stance", "exact")}
    assert all(total == pytest.approx(1) for total in totals.values())
    assert numbers(found)["differences"]


def test_what_is_asked_and_what_is_measured_agree_on_kinds_and_ranks():
    assert run.UNTRAINED_OWN == measure.OWN
    assert run.RANKS == published.RANKS
