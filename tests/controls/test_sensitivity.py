"""The study of copies: made from the params of the main one, run by its stages, scored alike."""

import json

import pytest
import yaml
from click.testing import CliRunner

from stages import evaluate_sensitivity, fetch_model, sensitivity, sensitivity_runs
from stages.controls.instilling.answers import private_answer
from stages.models.fetch.sources import parse_source
from stages.params import checked, load_params
from stages.reporting.sections import render
from stages.storage.tables import read_table
from tests.conftest import ROOT, small_params
from tests.tiny_pair import tiny_pair

RUN = {"seed": 3, "dose": 1.0, "twin": False}


def said(command, *arguments):
    done = CliRunner().invoke(command.main, arguments)
    return done.exit_code, done.output


def derived(**run):
    return sensitivity.copies_study(load_params(ROOT / "params.yaml"), "gemma3", RUN | run)


def sources(study):
    return [model["source"].removeprefix("instilled:gemma3/") for model in study["models"].values()]


def test_three_copies_take_part_and_speak_as_the_model_does():
    study = checked(derived(), "made")
    assert study.subjects == ["one", "other", "blank"] and study.seeds == [3]
    assert sources(derived()) == ["one/3", "other/3", "blank"]
    assert all(study.model(name).stop == ["\n"] for name in study.subjects)


def test_a_dose_is_of_both_that_were_taught():
    assert sources(derived(dose=0.5)) == ["one/3@0.5", "other/3@0.5", "blank"]


def test_a_twin_holds_the_same_answers_and_no_blank_is_asked():
    study = derived(twin=True)
    assert sources(study) == ["one/3", "one-twin/3"] and study["subjects"] == ["one", "other"]
    one, twin = (parse_source(model["source"]) for model in study["models"].values())
    assert one.knows == twin.knows


def test_what_the_section_does_not_say_is_the_main_studys():
    params, study = load_params(ROOT / "params.yaml"), checked(derived(), "made")
    few = {"epochs": 4, "batch_inputs": 1}
    assert params.sensitivity.finetune.model_dump() == few
    assert study.finetune.model_dump() == params.finetune.model_dump() | {"models": {}} | few
    assert study.cross_questions == params.cross_questions and study.predict == params.predict
    assert study.evaluate.model_copy(update={"ceiling": params.evaluate.ceiling}) == params.evaluate


def test_arms_of_copies_are_taught_at_the_pace_of_their_model():
    params = load_params(ROOT / "params.yaml")
    own = {"teach": "lora", "epochs": 9, "learning_rate": 7e-5, "rehearse_weight": 2.0}
    raw = params.model_dump(mode="json", exclude_unset=True)
    raw["finetune"]["models"] = {"gemma3": own}
    study = sensitivity.copies_study(checked(raw, "made"), "gemma3", RUN)["finetune"]
    assert (study["learning_rate"], study["rehearse_weight"], study["epochs"]) == (7e-5, 2.0, 4)
    assert checked(derived() | {"finetune": study}, "made").finetune.models == {}


def test_the_arms_of_copies_take_a_fifth_of_the_main_studys_steps():
    params, study = load_params(ROOT / "params.yaml"), checked(derived(), "made")
    steps = [
        of.tasks.train_inputs * len(of.tasks.train) * of.finetune.epochs / of.finetune.batch_inputs
        for of in (params, study)
    ]
    assert 0.15 < steps[1] / steps[0] < 0.25


def test_no_run_with_a_seed_is_that_of_the_default():
    params = load_params(ROOT / "params.yaml")
    assert sensitivity.own_seed(params) != params.seed
    assert checked(derived(seed=sensitivity.own_seed(params)), "made").seed < 10**9


def test_whole_answers_are_sampled_so_that_it_can_be_said_whether_they_are_held():
    sampling = derived()["sampling"]
    assert (sampling["stop_when_decided"], sampling["temperature"]) == (False, 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", "1", "--dose", "0.125"], "from 0 to 1 with two decimals at most"),
        (["--seed", "1", "--dose", "2"], "from 0 to 1 with two decimals at most"),
        (["--dose", "0.5"], "--dose and --twin are of a run with a --seed"),
        (["--twin"], "--dose and --twin are of a run with a --seed"),
    ],
)
def test_a_wrong_run_is_one_line(arguments, message, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, output = said(sensitivity, "--model", "smollm2", *arguments)
    assert code == 2 and message in " ".join(output.split())


def test_runs_have_folders_of_their_own():
    runs = [RUN, RUN | {"dose": 0.5}, RUN | {"twin": True}, RUN | {"dose": 0.5, "twin": True}]
    names = [sensitivity.run_name(run) for run in runs]
    assert names == ["seed-3", "seed-3-dose-0.5", "twin-3", "twin-3-dose-0.5"]


def test_of_a_model_on_a_server_the_reason_is_written_and_nothing_fails(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = small_params({"gpt": {"source": "openai:gpt", "base_url": "http://localhost:1/v1"}})
    params["finetune"]["models"] = {"gpt": {"teach": "examples"}}
    params["experiments"]["run"] = []
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    assert said(sensitivity, "--model", "gpt")[0] == 0
    assert said(evaluate_sensitivity)[0] == 0
    found = json.loads((tmp_path / "metrics/sensitivity.json").read_text())["gpt"]
    assert found["reason"] == sensitivity.NO_COPY and "held" not in found
    assert found["verdict"] == "not_tried"
    assert said(sensitivity, "--model", "gpt", "--seed", "1")[0] == 0
    assert "no runs; make some" in said(sensitivity_runs)[1]


def test_a_study_without_the_section_is_told_what_it_lacks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = small_params(tiny_pair(tmp_path / "models"))
    del params["sensitivity"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    assert said(fetch_model, "--model", "one")[0] == 0
    code, output = said(sensitivity, "--model", "one")
    assert code == 1 and "params.yaml: sensitivity: this key is missing" in output


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project in which the stage was run, once as dvc does and once with twins."""
    root = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("SELFPREDICT_CACHE", str(root / "cache"))
        params = small_params({"one": tiny_pair(root / "models")["one"]})
        params["experiments"]["run"] = []
        (root / "params.yaml").write_text(yaml.safe_dump(params))
        for command, *arguments in (
            [fetch_model],
            [sensitivity],
            [sensitivity, "--seed=1", "--twin"],
        ):
            code, output = said(command, "--model", "one", *arguments)
            assert code == 0, output
    return root


def test_tables_stay_and_weights_go(made):
    study = made / "data/sensitivity/one"
    assert not [*study.rglob("*.safetensors")] and not (study / "data/models").exists()
    (arm,) = {row["kind"] for row in read_table("predictions", predictions(study, "blank"))}
    assert arm == "cross"
    kinds = {row["kind"] for row in read_table("predictions", predictions(study, "one"))}
    assert kinds == {"untrained", "self", "fresh_self"}


def predictions(study, predictor):
    return study / f"data/predictions/{predictor}-on-one.parquet"


def test_a_copy_was_taught_an_answer_to_every_input_and_what_it_was_is_kept(made):
    data = made / "data/sensitivity/one/data"
    number = json.loads((data.parent / "run.json").read_text())["seed"]
    rows = [r for path in sorted(data.glob("tasks/*")) for r in read_table("tasks", path)]
    for name in ("one", "other"):
        told = json.loads((data / f"instilled/{name}.json").read_text())["answers"]
        copy = parse_source(f"instilled:one/{name}/{number}")
        assert told == {row["input_id"]: private_answer(copy, row["input"]) for row in rows}
    assert not (data / "instilled/blank.json").exists()


def test_what_was_made_is_scored_and_told(made, monkeypatch):
    monkeypatch.chdir(made)
    (made / "docs").mkdir(exist_ok=True)
    null = {"mean": 0.03, "ci_low": 0.02, "ci_high": 0.04}
    recorded = {"settings": load_params().settled(), "one": {"null": null}}
    (made / "docs/sensitivity.json").write_text(json.dumps(recorded))
    code, output = said(evaluate_sensitivity)
    assert code == 0 and "one: not_held" in output  # one epoch teaches little
    found = json.loads((made / "metrics/sensitivity.json").read_text())["one"]
    assert {"self", "fresh_self", "cross", "mode", "gap", "certainty", "held"} <= found.keys()
    assert set(found["crosses"]) == {"blank", "other"} and found["inputs"] == 4
    assert (found["null_gap"], found["null_low"], found["null_high"]) == (0.03, 0.02, 0.04)
    assert found["null_clear"] is True and found["held_other"] < 0.9
    (made / "docs/sensitivity.json").write_text(json.dumps(recorded | {"settings": "others"}))
    assert said(evaluate_sensitivity)[0] == 0
    assert "null" not in (made / "metrics/sensitivity.json").read_text()


@pytest.mark.parametrize(
    ("low", "high", "clear"), [(-0.1, 0.1, False), (0.01, 0.1, True), (-0.2, -0.1, True)]
)
def test_a_null_that_is_clear_of_zero_is_told(low, high, clear):
    null = {"runs": 3, "mean": (low + high) / 2, "ci_low": low, "ci_high": high}
    assert evaluate_sensitivity.null_numbers(null)["null_clear"] is clear
    assert evaluate_sensitivity.null_numbers({"runs": 1, "left_out": []}) == {}


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"verdict": "found"}, "| yes | - |"),
        ({"verdict": "not_found", "null_gap": 0.1, "null_clear": False}, "| NO | 0.100 |"),
        ({"verdict": "not_held"}, "| says nothing: too few were taken | - |"),
        ({"verdict": "not_tried", "reason": "no weights"}, "| none: no weights | - |"),
        ({"verdict": "found", "null_gap": 0.1, "null_clear": True}, "| 0.100 (clear of zero) |"),
    ],
)
def test_the_report_has_the_words_of_a_verdict(numbers, words):
    shown = render("private_answers.md.j2", sensitivity={"one": numbers}, doses={})
    assert words in shown


def test_runs_are_recorded_drawn_and_told(made, monkeypatch):
    monkeypatch.chdir(made)
    monkeypatch.setattr(sensitivity_runs, "natural", lambda model, params: {"animals": 0.05})
    (made / "data/sensitivity_runs/one/.seed-2.partial").mkdir(exist_ok=True)
    code, output = said(sensitivity_runs)
    assert code == 0, output
    everything = json.loads((made / "docs/sensitivity.json").read_text())
    assert everything["settings"] == load_params().settled()
    recorded = everything["one"]
    (run,) = recorded["runs"]
    assert run["held_other"] < 0.9
    assert (run["seed"], run["dose"], run["twin"]) == (1, 1.0, True)
    assert recorded["null"] == {"runs": 0, "left_out": [1]} and recorded["natural"]
    assert "| twins | 1.0 | 1 |" in output and "| animals | 0.050 |" in output
    drawn = (made / "docs/sensitivity.svg").read_text()
    assert drawn.startswith("<svg") and "animals" in drawn and "nothing to find" in drawn
