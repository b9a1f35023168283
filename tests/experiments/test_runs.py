"""Failures and prompt_shift as they run, on tiny models that only say letters, trained on nothing.

An adapter that changes nothing leaves self, fresh self and untrained one model.
"""

import pytest
import yaml
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from stages.models.local.subject.loading import load_base
from stages.params import Params, load_params
from stages.sample_behavior import main as sample_behavior
from stages.storage.tables import read_table, write_table
from stages.study.inputs import task_rows
from stages.tasks import TASKS
from tests.conftest import CHAT, small_params
from tests.experiments.outcomes import measured, ran
from tests.tiny_models import describe, make_tiny_model

LETTERS, INPUTS = "ABCD", 6


def letters_only(folder) -> None:
    """Of A and B, and of C and D, one has a logit above zero, which is that of other tokens."""
    model = AutoModelForCausalLM.from_pretrained(folder)
    ids = [AutoTokenizer.from_pretrained(folder).encode(letter)[0] for letter in LETTERS]
    weight = model.get_output_embeddings().weight.data
    kept = weight[ids[::2]].clone()
    weight.zero_()
    weight[ids] = kept.repeat_interleave(2, 0)
    weight[ids[1::2]] *= -1
    model.save_pretrained(folder)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A small study up to its trainings; predictions of the main study are missing."""
    root = tmp_path_factory.mktemp("study")
    names = ("one", "two")
    params = small_params({name: {"source": f"path:{name}"} for name in names})
    params["tasks"] |= {
        "train": ["countries_long"],
        "test": ["facts_choice", "stories_sentences"],
        "train_inputs": 4,
        "pilot_inputs": 2,
        "test_inputs": INPUTS,
    }
    params["sampling"]["max_tokens"] = 1
    params["predict"]["closed_answers"] = "score"
    params["experiments"]["failures"] |= {"inputs": INPUTS, "max_tokens": 2}
    params["experiments"]["prompt_shift"]["inputs"] = INPUTS
    (root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    told = load_params(root / "params.yaml")
    for role, tasks in (("train", told.tasks.train), ("test", told.tasks.test)):
        for task in tasks:
            rows = task_rows(TASKS[task], role, told.tasks.counts, told.seed, allow_fewer=False)
            write_table("tasks", rows, root / f"data/tasks/{task}.parquet")
    for number, name in enumerate(names):
        folder = make_tiny_model(root / "data/models" / name, number)
        letters_only(folder)
        subject = load_base(describe(folder, name))
        subject.tokenizer.chat_template = CHAT
        subject.tokenizer.save_pretrained(folder)
        peft = get_peft_model(subject.model, LoraConfig(r=1, target_modules=["q_proj"]))
        for adapter in (f"{name}-self", *(f"{name}-on-{target}" for target in names)):
            peft.save_pretrained(root / f"data/adapters/{adapter}/seed-0")
    return root


@pytest.fixture(scope="module")
def params(study) -> Params:
    return load_params(study / "params.yaml")


@pytest.fixture(scope="module")
def rows(study, params) -> list[dict]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(study)
        found = ran("failures", "one", params, study / "cache.sqlite")
    write_table("outcomes", found, study / "outcomes.parquet")
    return read_table("outcomes", study / "outcomes.parquet")


def of(rows, condition: str, kind: str = "self") -> list[dict]:
    return [row for row in rows if (row["condition"], row["kind"]) == (condition, kind)]


def test_every_arm_is_asked_the_same_of_the_same_behavior(rows):
    arms = {(row["kind"], row["predictor"]) for row in rows}
    assert arms == {("untrained", "one"), ("self", "one"), ("fresh_self", "one"), ("cross", "two")}
    truths = [
        {
            (r["condition"], r["input_id"], r["truth"], str(r["question"]))
            for r in rows
            if r["kind"] == kind
        }
        for kind, _ in arms
    ]
    assert all(found == truths[0] for found in truths)
    assert {row["seed"] for row in rows} == {0}


@pytest.mark.parametrize(
    "condition", ["are_you_sure", "opinion_bias", "answer_without_hint", "knows_what_it_knows"]
)
def test_each_question_on_a_choice_is_asked_of_each_input(rows, condition):
    assert len(of(rows, condition)) == INPUTS
    assert all(row["compliant"] for row in of(rows, condition))


def test_the_context_has_what_the_target_answered(rows):
    for row in of(rows, "answer_without_hint", "cross"):
        assert row["question"][1]["content"] == f"Letter: {row['other_truth']}"
    affected = {row["input_id"]: row["truth"] for row in of(rows, "opinion_bias")}
    for row in of(rows, "answer_without_hint"):
        assert (affected[row["input_id"]] == "true") == (row["truth"] != row["other_truth"])


def test_the_numbers_of_a_run_are_made(rows, params):
    found = measured("failures", rows, params)
    assert len(found["questions"]) == 2 * len(params.experiments.failures.questions)


def test_a_prefix_is_read_by_target_and_predictor(study, params, monkeypatch):
    monkeypatch.chdir(study)
    monkeypatch.setenv("SELFPREDICT_CACHE", str(study / "cache"))
    sample_behavior(["--trained", "--model", "one"], standalone_mode=False)
    for predictor in ("one", "two"):
        write_table("predictions", [], study / f"data/predictions/{predictor}-on-one.parquet")
    found = ran("prompt_shift", "one", params, study / "cache.sqlite")
    prefixes = params.experiments.prompt_shift.prefixes
    assert {row["condition"] for row in found} == set(prefixes)
    for row in found:
        prefix, text = prefixes[row["condition"]], row["question"][0]["content"]
        opening = "" if row["kind"] == "self" else 'Another language model was asked this:\n"'
        assert text.startswith(f"{opening}{prefix}\n")
    assert {row["kind"] for row in found} == {"self", "cross"}
    assert all(row["other_truth"] for row in found)
