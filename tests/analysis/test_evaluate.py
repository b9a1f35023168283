"""evaluate on a small study whose numbers are known by hand."""

import json
from math import comb
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from threadpoolctl import threadpool_info, threadpool_limits

from stages import evaluate
from stages.analysis.baselines import trained_baseline
from stages.analysis.breakdown import cell_table
from stages.analysis.dealt import with_dealt_out
from stages.analysis.plots import ARMS
from stages.analysis.rounding import rounded
from stages.analysis.summary import headline, summarise
from stages.params import load_params
from stages.storage.files import write_json
from stages.storage.tables import read_columns, read_table, write_table
from tests.analysis import small_study
from tests.conftest import run_command


def metric(name: str):
    return json.loads(Path("metrics", name).read_text(encoding="utf-8"))


def test_the_summary_is_flat_and_has_the_keys_of_the_contract_in_their_order(evaluated):
    keys = "fresh_self cross mode self gap gap_low gap_high kept drift inputs"
    summary = metric("summary.json")
    assert list(summary) == keys.split()  # 48 inputs carry no primary comparison
    assert (summary["self"], summary["cross"], summary["gap"]) == (0.75, 0.5, 0.25)
    assert summary["fresh_self"] == pytest.approx(2 / 3, abs=1e-4)
    assert summary["inputs"] == 48
    # M1 moved on one of 24 animals, in both properties; survival_instinct has 24 more rows.
    assert summary["drift"] == pytest.approx(2 / 72, abs=1e-4)
    assert summary["kept"] == pytest.approx(47 / 48, abs=1e-4)
    # M1 moved one of 24 answers about animals; the other task has 24, and a used cell as well.
    kept = [of["kept_by_task"] for of in metric("targets.json")["targets"].values()]
    assert {round(min(of.values()), 4) for of in kept} <= {0.9583, 1.0}
    found = metric("targets.json")
    interval = [found["gap"][name] for name in ("estimate", "ci_low", "ci_high")]
    assert interval == [summary["gap"], summary["gap_low"], summary["gap_high"]]
    assert summary["mode"] == found["baseline"]["mode"]
    assert found["primary"]["targets"]["left"]["reason"].startswith("2 cells are compared")


def test_what_the_summary_is_made_of_stands_in_targets_with_the_numbers_by_hand(evaluated):
    found = metric("targets.json")
    assert found["gap"]["estimate"] == 0.25
    assert found["gap"]["ci_low"] < 0.25 < found["gap"]["ci_high"]
    assert 0 < found["gap"]["p_value"] <= 1
    # right: 24 animals x 2 properties + 24 values; left: the animals only, values are left out.
    assert (found["gap"]["inputs"], found["gap"]["rows"]) == (48, 24 * 2 + 24 * 2 + 24)
    pooled = found["pooled"]
    assert (pooled["self"], pooled["cross"], pooled["gap"]["estimate"]) == (0.75, 0.5, 0.25)
    assert set(found["baseline"]) == {
        "mode",
        "mode_train",
        "text_classifier",
        "nearest_neighbor",
        "untrained_self",
        "own_behavior",
        "embedding_classifier",
    }
    assert found["baseline"]["untrained_self"] == 0.0
    assert found["compliance"]["self"] == pytest.approx((1.0 + (1.0 + 0.75) / 2) / 2, abs=1e-4)
    # Of each target 24 animals are asked two things, and 24 values one.
    cells = {"scored": 6, "uninformative": 1}
    assert found["cells"] == cells | {"rows": 2 * 24 * 3, "rows_left_out": 24}
    assert found["confidence"] == 0.95
    assert "seeds" not in found


def test_each_target_has_its_own_numbers(evaluated):
    left = metric("targets.json")["targets"]["left"]
    assert left["cross"] == {"right": 0.5}
    assert left["fresh_self"] == pytest.approx(2 / 3, abs=1e-4)
    assert left["behavior_drift"] == pytest.approx(2 / 72, abs=1e-4)
    assert left["gap"]["estimate"] == 0.25
    assert "disagreement_gap" in left
    # M1 does what M did, but on one animal; the other model's base never says the same animal.
    assert left["own_behavior"]["left"] == pytest.approx(23 / 24, abs=1e-4)
    assert left["own_behavior"]["right"] == pytest.approx(1 / 24, abs=1e-4)
    assert left["gap"]["p_holm"] >= left["gap"]["p_value"]


def test_a_classifier_on_what_a_model_makes_of_the_input_knows_what_that_tells(evaluated):
    """Five numbers tell which word M1 said, but for the animal on which it moved."""
    found = metric("targets.json")["targets"]["left"]["embedding_classifier"]
    assert found["left"] == pytest.approx(23 / 24, abs=1e-4)
    assert found["right"] == pytest.approx(5 / 24, abs=0.05)
    assert "absent" not in metric("targets.json")
    write_table("embeddings", [], "data/embeddings/right.parquet")
    Path("data/embeddings/left.parquet").unlink()
    run_command(evaluate)
    absent = metric("targets.json")["absent"]
    assert {(row["predictor"], row["kind"]) for row in absent} == {
        ("left", "embedding_classifier"),
        ("right", "embedding_classifier"),
    }
    assert {row["reason"] for row in absent if row["predictor"] == "right"} == {
        "right tells no hidden states"
    }
    assert "embedding_classifier" not in metric("targets.json")["targets"]["left"]


def test_what_is_taught_in_reading_tells_no_baseline_of_the_target(evaluated):
    """A lesson's label is of the answer that stands in its question, whoever gave it."""
    before = metric("targets.json")["baseline"]
    for name in ("left-self", "left-fresh"):
        path = f"data/datasets/{name}.parquet"
        rows = read_table("datasets", path)
        lessons = [row | {"shown": True, "label": "zebra"} for row in rows]
        write_table("datasets", [*rows, *lessons], path)
    run_command(evaluate)
    assert metric("targets.json")["baseline"] == before


def test_a_cell_that_is_not_used_is_listed_and_moves_no_average(evaluated):
    unused = [row for row in metric("by_task.json")["cells"] if not row["used"]]
    assert [(row["target"], row["property"], row["reason"]) for row in unused] == [
        ("left", "ethical_stance", "one value in 100%")
    ]
    before = metric("targets.json")
    path = Path("data/predictions/left-on-left.parquet")
    rows = read_table("predictions", path)
    for row in rows:
        if row["task"] == "survival_instinct":
            row.update(answer=None, compliant=False)
    write_table("predictions", rows, path)
    run_command(evaluate)
    assert metric("targets.json") == before
    cells = {(r["target"], r["kind"], r["task"]): r for r in metric("by_task.json")["accuracy"]}
    row = cells["left", "self", "survival_instinct"]
    assert (row["informative"], row["accuracy"], row["rows"]) == (False, 0.0, 24)


def test_the_disagreement_gap_counts_only_rows_where_the_predictor_itself_does_else(evaluated):
    """`right` says other animals than `left` on each input, but for the one that M1 moved to."""
    rows = read_table("scores", "data/scores.parquet")
    cross = [r for r in rows if (r["target"], r["kind"]) == ("left", "cross")]
    agreeing = [r for r in cross if r["task"] == "animals_long" and r["agree"]]
    assert {r["property"] for r in agreeing} == {"first_word", "first_character"}
    assert len(agreeing) == 2
    # Of the other 23 inputs 18 are right in self (all but i = 4, 8, ..) and 11 in cross (even).
    gap = metric("targets.json")["targets"]["left"]["disagreement_gap"]
    assert gap == pytest.approx((18 - 11) / 23, abs=1e-4)


def test_the_variants_of_the_rule_stand_beside_the_papers(evaluated):
    table = metric("by_task.json")
    row = next(r for r in table["arms"] if (r["target"], r["kind"]) == ("right", "self"))
    assert row["rows"] == row["rows_keep"] == 72
    assert row["rows_exclude"] == 72 - 6
    assert row["accuracy_exclude"] == pytest.approx((0.75 + 1) / 2)
    assert row["accuracy_keep"] == row["accuracy"]
    assert set(table["rules"]) == {"paper", "exclude", "keep"}


def test_the_letters_that_are_chosen_are_counted(evaluated):
    found = {row["subject"]: row for row in metric("by_task.json")["letters"]}
    assert list(found) == ["left", "left-self", "right", "right-self"]
    assert {row["task"] for row in found.values()} == {"survival_instinct"}
    assert found["right"]["letters"] == {"A": 0.5, "B": 0.5} and found["right"]["answers"] == 40
    path = Path("data/behavior/right.parquet")
    rows = read_table("behavior", path)
    said = [row for row in rows if row["task"] == "survival_instinct"]
    for row, response in zip(said, ["A or B", "(a)", *["B. No"] * 38], strict=True):
        row["response"] = response
    write_table("behavior", rows, path)
    run_command(evaluate)
    right = next(r for r in metric("by_task.json")["letters"] if r["subject"] == "right")
    assert right["letters"] == {"A": 0.025, "B": 0.95}
    assert right["none"] == 0.025


def test_the_numbers_can_be_had_from_the_scores_alone(evaluated):
    params = load_params()
    scores = read_columns("scores", "data/scores.parquet")
    made = summarise(scores, params.evaluate.rule(params.seed), params.design)
    numbers = rounded(made)
    found, summary = metric("targets.json"), metric("summary.json")
    # How many answers are as they were, scores do not say, nor what was learned of other rows.
    assert {of.pop("kept") for of in found["targets"].values()} == {summary.pop("kept")}
    for of in (*found["targets"].values(), *numbers["targets"].values()):
        by_task = of.pop("kept_by_task", {})
        assert set(by_task) <= set(params.tasks.test)
    assert found.pop("verdict")["targets"].keys() == found["targets"].keys()
    for target, other in zip(small_study.MODELS, reversed(small_study.MODELS), strict=True):
        told, alone = found["targets"][target]["arms"], numbers["targets"][target]["arms"]
        told["cross"], alone["cross"] = told["cross"][other], alone["cross"][other]
        for kind in told:
            told[kind] = {name: told[kind].get(name) for name in alone[kind]}
    assert (numbers, rounded(headline(made))) == (found, summary)


def test_an_arm_has_beside_its_accuracy_what_it_learned_and_whether_its_answers_fit(evaluated):
    """Self says the word of M1 and its first character, or `z` and `z`."""
    arms = metric("targets.json")["targets"]["left"]["arms"]
    for arm in (arms["self"], arms["fresh_self"], arms["cross"]["right"]):
        assert (arm["held_back"], arm["held_back_mode"]) == (0.5, 0.25)
        by_chance = sum(comb(24, n) * 0.25**n * 0.75 ** (24 - n) for n in range(12, 25))
        assert arm["held_back_p"] == pytest.approx(by_chance, abs=1e-4)
        assert (arm["cells"], arm["rows"], arm["inputs"]) == (2, 48, 24)
        assert arm["coherence"] == 1.0
    # 18 of 24 are right: 5, 5, 4, 2, 2 of the words, and 6 say z; M1 moved `cat` 0 to `dog`.
    said = [small_study.WORDS[n % 5] if n % 4 else "z" for n in range(24)]
    fits = [one == two for n, one in enumerate(said) for m, two in enumerate(said) if n != m]
    assert arms["self"]["coherence_dealt_out"] == pytest.approx(sum(fits) / len(fits), abs=1e-4)
    untrained = arms["untrained"]  # which never complies, and learned nothing
    assert not {"held_back", "held_back_mode", "held_back_p", "coherence", "ceiling"} & set(
        untrained
    )


def test_the_gap_of_sensitivity_stands_in_the_summary_where_there_is_one(evaluated):
    told = {"left": {"gap": 0.75, "held": 1.0}, "right": {"gap": 0.25, "held": 0.9}}
    untaken = {"left": told["left"], "right": {"gap": 0.25, "held": 0.4}}
    none = {"left": {"reason": "no weights"}}
    for content, expected in ((told, 0.5), (untaken, 0.75), ({}, None), (none, None)):
        write_json(Path("metrics/sensitivity.json"), content)
        run_command(evaluate)
        summary = metric("summary.json")
        assert summary.get("sensitivity_gap") == expected
        assert len(summary) <= 16
    write_json(Path("metrics/sensitivity.json"), told)
    run_command(evaluate)
    keys = list(metric("summary.json"))
    assert keys[keys.index("sensitivity_gap") - 1 :][:3] == ["gap_high", "sensitivity_gap", "kept"]


def test_seeds_are_averaged_and_their_spread_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small_study.write_study(tmp_path, seeds=(0, 7))
    run_command(evaluate)
    found, summary = metric("targets.json"), metric("summary.json")
    assert found["seeds"]["by"] == {"0": 0.25, "7": pytest.approx(0.75 - 1 / 3, abs=1e-4)}
    assert summary["gap"] == pytest.approx((0.25 + 0.75 - 1 / 3) / 2, abs=1e-4)
    assert summary["inputs"] == 48
    assert found["seeds"]["sd"] == pytest.approx((0.5 - 1 / 3) / 2**0.5, abs=1e-4)
    assert found["seeds"]["ci_low"] < summary["gap"] < found["seeds"]["ci_high"]
    assert summary["self"] - summary["cross"] == pytest.approx(summary["gap"], abs=1e-4)


def test_subsets_part_the_rows_and_say_what_they_are(evaluated):
    table = metric("subsets.json")
    rows = [row for row in table["gaps"] if row["target"] == "left"]
    found = {row["subset"]: row for row in rows if row["comparison"] == "gap"}
    assert set(found) <= set(table["meaning"])
    for one, other in (
        ("disagreement", "agreement"),
        ("text_baseline_wrong", "text_baseline_right"),
        ("changed", "unchanged"),
    ):
        assert found[one]["rows"] + found[other]["rows"] == found["all"]["rows"] == 48
    assert found["changed"]["rows"] == 2 and found["agreement"]["rows"] == 2
    # exp(-0.5) is 0.61: every answer leans.
    assert found["leaning"]["rows"] == 48 and not {"decided", "undecided"} & set(found)
    # 24 animals are 5, 5, 5, 5, 4 of the words; M1 moved one of 5 `cat`s to the next.
    assert found["entropy_matched"]["rows"] == 2 * 23


def test_all_comparisons_stand_on_what_moved_and_on_what_did_not(evaluated):
    """On input 0, which moved, self and fresh self are wrong and cross is right."""
    rows = [row for row in metric("subsets.json")["gaps"] if row["target"] == "left"]
    found = {(row["comparison"], row["subset"]): row for row in rows}
    fresh = {subset: found["fresh_gap", subset] for subset in ("changed", "unchanged")}
    assert (fresh["changed"]["fresh_self"], fresh["changed"]["cross"]) == (0, 1)
    assert fresh["changed"]["estimate"] == -1 and "ci_low" not in fresh["changed"]
    # Of the other 23 inputs 16 are right in fresh self (no multiples of 3), 11 in cross (even).
    assert fresh["unchanged"]["estimate"] == pytest.approx((16 - 11) / 23, abs=1e-4)
    assert fresh["unchanged"]["rows"] == 46
    rows = read_columns("scores", "data/scores.parquet")
    there = rows[(rows["target"] == "left") & (rows["task"] == "animals_long")]
    there = there[there["before"].astype(str) == there["truth"].astype(str)]
    corrected = {
        kind: with_dealt_out(there[there["kind"] == kind])["corrected"].mean()
        for kind in ("fresh_self", "cross")
    }
    primary = found["primary", "unchanged"]
    for kind, expected in corrected.items():
        assert primary[kind] == pytest.approx(expected, abs=1e-4)
    assert primary["estimate"] == pytest.approx(
        corrected["fresh_self"] - corrected["cross"], abs=2e-4
    )


def test_cells_have_wilson_intervals_and_gaps_by_task_and_property(evaluated):
    by_task, by_property = metric("by_task.json"), metric("by_property.json")
    for row in by_task["accuracy"]:
        assert 0 <= row["ci_low"] <= row["accuracy"] <= row["ci_high"] <= 1
    gaps = {(row["target"], row["task"]): row for row in by_task["gaps"]}
    assert set(gaps) == {
        ("all", "animals_long"),
        ("all", "survival_instinct"),
        ("left", "animals_long"),
        ("right", "animals_long"),
        ("right", "survival_instinct"),
    }
    assert {row["property"] for row in by_property["gaps"]} == set(small_study.PROPERTY_NAMES)
    assert all(row["estimate"] == 0.25 for row in by_property["gaps"])


def test_comparisons_of_one_table_are_corrected_for_their_number(evaluated):
    for name in ("by_task", "by_property", "subsets"):
        for target in ("all", *small_study.MODELS):
            rows = [r for r in metric(f"{name}.json")["gaps"] if r["target"] == target]
            tested = [row for row in rows if "p_value" in row]
            least = min(tested, key=lambda row: row["p_value"])
            assert least["p_holm"] == pytest.approx(
                min(1, len(tested) * (least["p_value"] + 0.00005)), abs=1e-4
            )


def test_a_cell_of_few_rows_is_listed_with_the_reason_and_counts_nowhere(study):
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["evaluate"]["min_cell_rows"] = small_study.TEST_INPUTS + 1
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    run_command(evaluate)
    small = metric("by_task.json")["small"]
    assert [(row["target"], row["property"]) for row in small] == [
        *(("left", "first_character"), ("left", "first_word")),
        *(("right", "first_character"), ("right", "first_word"), ("right", "ethical_stance")),
    ]
    assert {row["reason"] for row in small} == {"24 of its rows are scored, under 25"}
    assert metric("targets.json")["gap"] == {"inputs": 0, "rows": 0}
    assert metric("plots/by_property.json") == []


def test_a_rate_of_under_ten_inputs_has_no_interval(evaluated):
    rows = read_columns("scores", "data/scores.parquet")
    cell = ["target", "kind", "predictor", "task", "property"]
    few = rows.groupby(cell, observed=True).head(9)
    none = pd.DataFrame({name: rows[name].astype(object)[:1] for name in ("target", *cell[3:])})
    table = cell_table(few, none.assign(seed=0, excluded=0), load_params().evaluate.rule(0))
    assert len(table) and not any("ci_low" in row for row in table)


def test_plots_and_training_are_written_for_every_arm(evaluated):
    kinds = {(p["target"], p["kind"]) for p in metric("plots/self_cross.json")}
    assert kinds == {(target, kind) for target in small_study.MODELS for kind in ARMS}
    assert len(metric("plots/loss.json")) == 6 * 2
    assert metric("by_task.json")["training"]["left-on-right/seed-0"]["held_back_accuracy"] == 0.5
    assert {p["property"] for p in metric("plots/by_property.json")} == set(
        small_study.PROPERTY_NAMES
    )


def test_evaluate_again_writes_the_same_bytes(evaluated):
    paths = [*Path("metrics").rglob("*.json"), Path("data/scores.parquet")]
    before = {path: path.read_bytes() for path in paths}
    run_command(evaluate)
    assert {path: path.read_bytes() for path in paths} == before


def test_one_subject_alone_has_no_gap_and_no_crash(study):
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(
        text.replace("subjects:\n- left\n- right", "subjects:\n- right"), encoding="utf-8"
    )
    run_command(evaluate)
    summary = metric("summary.json")
    assert set(summary) == {"self", "fresh_self", "mode", "kept", "drift"}
    assert metric("targets.json")["gap"] == {"inputs": 0, "rows": 0}


def test_a_missing_table_is_one_line_that_names_it(study):
    Path("data/predictions/left-on-right.parquet").unlink()
    result = CliRunner().invoke(evaluate.main, [])
    assert result.exit_code == 1
    assert "left-on-right.parquet: no such table" in result.output


def test_a_row_about_an_unknown_input_is_one_line_that_names_table_and_input(study):
    path = Path("data/datasets/left-fresh.parquet")
    rows = read_table("datasets", path)
    write_table("datasets", [*rows, rows[-1] | {"input_id": "unheard of"}], path)
    result = CliRunner().invoke(evaluate.main, [])
    assert result.exit_code == 1
    message = "data/datasets/left-fresh.parquet: input_id 'unheard of' of task countries_long"
    assert message in result.output and len(result.output.splitlines()) == 1


def test_baselines_are_taught_by_one_thread_however_many_there_are(study, monkeypatch):
    """Several threads add in another order, by which a classifier once said something else."""
    threads: list[int] = []

    def counted(*given, **named):
        threads.extend(pool["num_threads"] for pool in threadpool_info())
        return trained_baseline(*given, **named)

    monkeypatch.setattr("stages.analysis.arms.trained_baseline", counted)
    with threadpool_limits(2):
        run_command(evaluate)
    assert threads and set(threads) == {1}
