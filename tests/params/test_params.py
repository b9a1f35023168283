"""A wrong value in params.yaml is one line that names the key, the value and what is allowed."""

import copy
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from stages.params import load_params
from stages.params.__main__ import main
from stages.storage.errors import StudyError
from tests.conftest import ROOT

DEFAULT = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))


def load(params: object, folder: Path):
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    return load_params(folder / "params.yaml")


def changed(key: str, value: object) -> dict:
    params = copy.deepcopy(DEFAULT)
    *path, last = key.split(".")
    place = params
    for part in path:
        place = place[part]
    place[last] = value
    return params


def test_the_default_params_are_valid():
    params = load_params(ROOT / "params.yaml")
    assert params.subjects == ["smollm2", "gemma3"]
    assert not set(params.tasks.train) & set(params.tasks.test)


def test_what_numbers_depend_on_has_a_digest_that_training_seeds_and_experiments_leave(tmp_path):
    usual = load_params(ROOT / "params.yaml").settled()
    for key, value in {"seeds": [0, 1], "experiments.run": []}.items():
        assert load(changed(key, value), tmp_path).settled() == usual, key
    for key, value in {
        "seed": 7,
        "tasks.train_inputs": 39,
        "properties": ["first_character", "first_word", "second_word"],
        "finetune.epochs": 9,
        "evaluate.ceiling": None,
        "sensitivity.instil.epochs": 19,
        "cross_questions.test": "second",
    }.items():
        assert load(changed(key, value), tmp_path).settled() != usual, key


def test_a_local_model_may_be_shown_examples_and_not_trained(tmp_path):
    told = load(changed("finetune.models", {"smollm2": {"teach": "examples"}}), tmp_path)
    assert told.finetune.models["smollm2"].teach == "examples"


def test_a_local_model_may_have_a_pace_of_its_own(tmp_path):
    told = load(
        changed(
            "finetune.models",
            {
                "smollm2": {"teach": "lora", "learning_rate": 1e-3, "rehearse_weight": 5.0},
                "gemma3": {"teach": "lora", "epochs": 7},
            },
        ),
        tmp_path,
    ).finetune
    paces = [(r.epochs, r.learning_rate, r.rehearse_weight) for r in map(told.of, ("smollm2", "x"))]
    assert paces[0] == (told.epochs, 1e-3, 5.0)
    assert paces[1] == (told.epochs, told.learning_rate, told.rehearse_weight)
    assert told.of("gemma3") == told.model_copy(update={"epochs": 7})


HEX = "0" * 64
WRONG = [
    ("sampling.temprature", 1.0, "sampling.temprature", "unknown key; allowed: temperature"),
    ("colour", "red", "colour", "unknown key; allowed: seed"),
    ("models.smollm2.quantise", True, "models.smollm2.quantise", "unknown key; allowed: source"),
    ("experiments.scaling.size", 1, "experiments.scaling.size", "unknown key; allowed: sizes, inp"),
    ("properties", ["first_wrod"], "properties", "'first_wrod' is no property; allowed: first_"),
    ("properties", [], "properties", "at least 1 item"),
    ("properties", ["identity", "identity"], "properties", "'identity' stands twice"),
    ("tasks.train", ["birds"], "tasks.train", "'birds' is no task; allowed: countries_long"),
    ("tasks.test", ["colors_long"], "tasks", "'colors_long' is in train and in test"),
    ("tasks.train_inputs", -3, "tasks.train_inputs", "-3: Input should be greater than"),
    ("tasks.test_inputs", 0, "tasks.test_inputs", "0: Input should be greater than"),
    ("tasks.rehearsal_inputs", -1, "tasks.rehearsal_inputs", "-1: Input should be greater than"),
    ("finetune.lessons", -0.5, "finetune.lessons", "-0.5: Input should be greater than or eq"),
    ("tasks.pilot_inputs", "many", "tasks.pilot_inputs", "'many': Input should be a valid int"),
    ("finetune.models", {"gpt": {"teach": "examples"}}, "finetune.models", "'gpt' is no mod"),
    ("finetune.models", {"smollm2": {"teach": "love"}}, "finetune.models.smollm2", "teach: one of"),
    (
        "finetune.models",
        {"smollm2": {"teach": "openai_jobs", "hyperparameters": {}}},
        "finetune.models",
        "'smollm2' is no hosted model",
    ),
    ("finetune.models", {"gpt": {"teach": "lora"}}, "finetune.models", "'gpt' is no local model"),
    (
        "finetune.models",
        {"smollm2": {"teach": "lora", "lora_rank": 4}},
        "finetune.models.smollm2.lora_rank",
        "unknown key; allowed: teach, epochs, learning_rate, rehearse_weight",
    ),
    (
        "finetune.models",
        {"smollm2": {"teach": "lora", "learning_rate": 0.0}},
        "finetune.models.smollm2.learning_rate",
        "0.0: Input should be greater than 0",
    ),
    ("finetune.rehearse", True, "finetune.rehearse", "True: Input should be 'none', 'answers' or"),
    ("finetune.rehearse_weight", 0.0, "finetune.rehearse_weight", "0.0: Input should be greater"),
    (
        "finetune.models",
        {"smollm2": {"teach": "examples", "k": 4}},
        "finetune.models.smollm2.k",
        "unknown key; allowed: teach",
    ),
    ("limits", {"max_cost_usd": 5.0}, "limits", "max_cost_usd has no meaning without prices"),
    ("limits", {"prices": {"gpt": {"input": 1, "output": 1}}}, "limits.prices", "'gpt' is no mod"),
    (
        "limits",
        {"prices": {"smollm2": {"input": -1, "output": 1}}},
        "limits.prices.smollm2.input",
        "-1: Input",
    ),
    ("sampling.n_samples", 0, "sampling.n_samples", "0: Input should be greater than"),
    ("sampling.temperature", -0.5, "sampling.temperature", "-0.5: Input should be greater"),
    ("sampling.max_tokens", 1.5, "sampling.max_tokens", "1.5: Input should be a valid integer"),
    ("finetune.epochs", -1, "finetune.epochs", "-1: Input should be greater than"),
    ("finetune.learning_rate", 0.0, "finetune.learning_rate", "0.0: Input should be greater"),
    ("finetune.held_back", 0.0, "finetune.held_back", "0.0: Input should be greater than 0"),
    ("finetune.warmup_fraction", 2.0, "finetune.warmup_fraction", "2.0: Input should be less"),
    ("finetune.schedule", "step", "finetune.schedule", "'step': Input should be 'linear'"),
    ("finetune.lora_dropout", 1.0, "finetune.lora_dropout", "1.0: Input should be less than 1"),
    ("finetune.max_grad_norm", 0.0, "finetune.max_grad_norm", "0.0: Input should be greater"),
    ("finetune.target_modules", "all", "finetune.target_modules", "'all': use all-linear, or a"),
    ("finetune.target_modules", [], "finetune.target_modules", "[]: use all-linear, or a list"),
    ("predict.max_tokens", 0, "predict.max_tokens", "0: Input should be greater than"),
    ("predict.closed_answers", "guess", "predict.closed_answers", "'guess': Input should be"),
    ("sampling.stop_when_decided", 1, "sampling.stop_when_decided", "1: Input should be a valid"),
    ("evaluate.max_mode_share", 1.2, "evaluate.max_mode_share", "1.2: Input should be less"),
    ("evaluate.min_compliance", -0.1, "evaluate.min_compliance", "-0.1: Input should be great"),
    ("evaluate.ceiling.min_rows", 0, "evaluate.ceiling.min_rows", "0: Input should be greater"),
    ("evaluate.ceiling.max_p", 0.0, "evaluate.ceiling.max_p", "0.0: Input should be greater"),
    ("evaluate.ceiling.max_difference", 2.0, "evaluate.ceiling.max_difference", "2.0: Input"),
    ("evaluate.ceiling", False, "evaluate.ceiling", "False: a mapping of keys is allowed"),
    ("evaluate.permutations", 3, "evaluate.permutations", "3: Input should be greater than"),
    ("experiments.prompt_shift.prefixes", {"p": ""}, "experiments.prompt_shift.prefixes.p", "''"),
    ("evaluate.confidence", 1 - 1e-16, "evaluate.confidence", "should be less than or equal to 0."),
    ("seed", -1, "seed", "-1: Input should be greater than"),
    ("seed", "zero", "seed", "'zero': Input should be a valid integer"),
    ("seeds", [], "seeds", "at least 1 item"),
    ("seeds", [1, 1], "seeds", "1 stands twice"),
    ("cross_questions.test", "fourth", "cross_questions.test", "'fourth': Input should be"),
    ("subjects", ["gpt"], "subjects", "'gpt' is no model; allowed: smollm2, gemma3"),
    ("subjects", [], "subjects", "at least 1 item"),
    ("models", {"a/b": {"source": "path:x"}}, "models", "'a/b' is no plain name; letters"),
    ("models", {"a-self": {"source": "path:x"}}, "models", "'a-self' is no name of a model; it"),
    ("models.smollm2.source", "ftp:x", "models.smollm2.source", "'ftp:x' is no model source; use"),
    ("models.smollm2.source", "pypi:x", "models.smollm2.source", "'pypi:x' names no wheel member"),
    ("models.smollm2.source", "hub:a/b@main", "models.smollm2.source", "names no pinned repo"),
    ("models.smollm2.source", [], "models.smollm2.source", "an empty list"),
    ("models.smollm2.source", ["path:a", "path:b"], "models.smollm2.source", "only pypi: sources"),
    (
        "models.smollm2.stop",
        ["\\n"],
        "models.smollm2.stop",
        "'\\\\n' holds a backslash and a letter",
    ),
    ("models.smollm2.stop", ["\\nUser:"], "models.smollm2.stop", "holds a backslash and a letter"),
    ("models.smollm2.stop", [""], "models.smollm2.stop", "'' ends every answer at its first"),
    ("models.smollm2.stop", [" "], "models.smollm2.stop", "' ' ends every answer at its first"),
    ("models.smollm2.thinking", "on", "models.smollm2.thinking", "'on': Input should be 'off' or"),
    ("chat.date", "tomorrow", "chat.date", "'tomorrow': Invalid isoformat string"),
    ("models.smollm2.chat_template", "{{ '\\n' }}\\n", "models.smollm2.chat_template", "backslash"),
    ("models.smollm2.sha256", "abc", "models.smollm2.sha256", "'abc': 64 hex digits are allowed"),
    ("models.smollm2.sha256", None, "models.smollm2", "a pypi: source needs sha256"),
]


@pytest.mark.parametrize(("key", "value", "named", "message"), WRONG)
def test_a_wrong_value_is_one_line(tmp_path, key, value, named, message):
    with pytest.raises(StudyError) as caught:
        load(changed(key, value), tmp_path)
    lines = [line for line in str(caught.value).splitlines() if named in line]
    assert any(f"params.yaml: {named}: " in line and message in line for line in lines), str(
        caught.value
    )


def test_each_wrong_value_has_its_line(tmp_path):
    params = changed("seed", -1)
    params["finetune"]["epochs"] = 0
    with pytest.raises(StudyError) as caught:
        load(params, tmp_path)
    assert len(str(caught.value).splitlines()) == 2


def test_a_missing_key_is_named(tmp_path):
    params = copy.deepcopy(DEFAULT)
    del params["evaluate"]["permutations"]
    with pytest.raises(StudyError, match=r"evaluate\.permutations: this key is missing"):
        load(params, tmp_path)


@pytest.mark.parametrize("text", ["", "- a\n", "a: [", "\x00"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(StudyError, match=r"params\.yaml: (not YAML|the top level)"):
        load_params(tmp_path / "params.yaml")


def test_a_missing_file_says_where_to_run(tmp_path):
    with pytest.raises(StudyError, match="run at the root"):
        load_params(tmp_path / "params.yaml")


def test_a_file_of_params_is_checked_without_running_anything(tmp_path):
    sound = CliRunner().invoke(main, [str(ROOT / "params.yaml")])
    assert (sound.exit_code, sound.output.split(": ", 1)[1][:15]) == (0, "sound; subjects")
    wrong = tmp_path / "theirs.yaml"
    wrong.write_text("seed: 1; touch PWNED\n")
    result = CliRunner().invoke(main, [str(wrong)])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {wrong}: seed: '1; touch PWNED': Input should be")
