"""Presets: valid parts of params.yaml, as arguments of dvc and written into the file."""

import json
import re
import shlex
import shutil
from datetime import date

import pytest
from click.testing import CliRunner
from dvc.utils.hydra import apply_overrides
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stages.params import load_params
from stages.preset import PRESETS, main, overrides
from tests.conftest import ROOT

NAMES = sorted(path.stem for path in (ROOT / PRESETS).glob("*.yaml"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the params and the presets of the project."""
    shutil.copytree(ROOT / PRESETS, tmp_path / PRESETS)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize("name", NAMES)
def test_the_arguments_for_dvc_make_the_same_params_as_the_file(project, name):
    result = run(name)
    assert result.exit_code == 0, result.output
    words = shlex.split(result.output)
    assert words[::2] == ["-S"] * (len(words) // 2)
    shutil.copy("params.yaml", "by_dvc.yaml")
    apply_overrides("by_dvc.yaml", words[1::2])
    assert run(name, "--write").exit_code == 0
    assert load_params("by_dvc.yaml") == load_params("params.yaml")


def test_the_laptop_preset_is_the_default_after_any_other(project):
    before = load_params("params.yaml")
    for name in (*NAMES, "laptop"):
        assert run(name, "--write").exit_code == 0
    assert load_params("params.yaml") == before


def test_writing_a_preset_keeps_the_comments(project):
    comments = [line for line in (project / "params.yaml").read_text().splitlines() if "#" in line]
    run("smoke", "--write")
    text = (project / "params.yaml").read_text()
    kept = [line for line in comments if line.split("#", 1)[1] in text]
    assert len(kept) > 0.9 * len(comments)


def test_an_unknown_preset_is_named_with_those_that_are(project):
    result = run("nonsense")
    assert result.exit_code == 1
    assert "presets/nonsense.yaml: no such preset; there are: laptop, paper, smoke" in result.output


def test_a_preset_that_is_wrong_changes_nothing(project):
    before = (project / "params.yaml").read_bytes()
    (project / PRESETS / "bad.yaml").write_text("seed: -1\n")
    result = run("bad", "--write")
    assert result.exit_code == 1 and "seed" in result.output
    assert (project / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    "override", ["finetune.learning_rate=0.001", "seeds=[7]", "experiments.scaling.inputs=20"]
)
def test_a_value_set_by_dvc_changes_one_line_of_the_committed_params(project, override):
    before = (project / "params.yaml").read_text().splitlines()
    apply_overrides("params.yaml", [override])
    after = (project / "params.yaml").read_text().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1 and re.search(r"\d+", override.split("=")[1])[0] in changed[0]


def test_a_written_preset_has_the_form_in_which_dvc_writes(project):
    run("smoke", "--write")
    written = (project / "params.yaml").read_text()
    apply_overrides("params.yaml", ["seed=2"])
    assert (project / "params.yaml").read_text() == written


@pytest.mark.parametrize("rate", ["2.5e-6", "1.0e-07", "0.000003", "3.0e-3", "1"])
def test_a_small_number_stays_what_it_is(project, rate):
    preset = f"finetune: {{learning_rate: {rate}}}\n"
    if rate == "1":
        preset = "finetune: {learning_rate: 1.0}\n"
    (project / PRESETS / "small.yaml").write_text(preset)
    apply_overrides("params.yaml", run("small").output.split()[1::2])
    assert load_params("params.yaml").finetune.learning_rate == float(rate)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8"))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize("value", ["${x}", r"\${x}", r"a'\\${x}\\\${y}'\${", date(2026, 2, 3)])
def test_what_dvc_could_take_for_another_key_or_a_day_goes_through(tmp_path, value):
    (tmp_path / "params.yaml").write_text("a: {b: 1}\n")
    words = list(overrides({"a": {"b": [value]}}, {"a": {"b": 1}}))
    apply_overrides(str(tmp_path / "params.yaml"), words)
    assert YAML(typ="safe", pure=True).load(tmp_path / "params.yaml") == {"a": {"b": [str(value)]}}


@settings(max_examples=60, deadline=None)
@given(value=VALUES)
def test_any_value_goes_through_dvcs_overrides_or_is_refused(tmp_path_factory, value):
    """Through $(...) too: what has a blank would be two words of a shell."""
    path = tmp_path_factory.mktemp("values") / "params.yaml"
    path.write_text("a: {b: 1}\n")
    try:
        words = list(overrides({"a": {"b": value}}, {"a": {"b": 1}}))
    except ValueError as error:
        assert "a.b: a value with blanks" in str(error) or "-S" in str(error)
        return
    assert all(word.split() == [word] for word in words)
    apply_overrides(str(path), words)
    assert YAML(typ="safe", pure=True).load(path) == {"a": {"b": value}}


WRONG = {
    "": "the top level is None; a mapping of keys is allowed",
    "[1, 2]": "the top level is [1, 2]; a mapping of keys is allowed",
    "smoke": "the top level is 'smoke'; a mapping of keys is allowed",
    "seed: [": "not YAML in UTF-8: line ",
    "seed: 1\nseed: 2": 'line 2: found duplicate key "seed"',
    "finetune: ~": "finetune: None: a mapping of keys is allowed",
    "finetune.epochs: 3": "finetune.epochs: unknown key; allowed: seed, ",
    "finetune: {epoch: 3}": "finetune.epoch: unknown key; allowed: epochs, ",
    "finetune: {learning_rate: .nan}": "finetune.learning_rate: nan: Input should be a finite",
    "finetune: {learning_rate: fast}": "finetune.learning_rate: 'fast': Input should be a valid",
    "seeds: []": "seeds: []: List should have at least 1 item",
    "seeds: 4": "seeds: 4: Input should be a valid list",
    "models: {other: {stop: ['x']}}": "models.other.source: this key is missing",
    "models: {gemma3: {stop: ['\\n']}}": "models.gemma3.stop: '\\\\n' holds a backslash",
    'models: {gemma3: {stop: ["\\ud801"]}}': "models.gemma3.stop.0: '\\ud801': a text without",
    "experiments: {behavior_change: {answers: 'persona:You are $(date)'}}": "use --write",
    "experiments: {prompt_shift: {prefixes: {a.b: x}}}": "'a.b' is no key that dvc's -S can take",
    "seed: &s [*s]": "seed: [[",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items(), ids=range(len(WRONG)))
def test_a_wrong_preset_is_a_short_line_that_names_it(project, text, message):
    (project / PRESETS / "own.yaml").write_text(text)
    result = run("own")
    assert result.exit_code == 1 and message in result.output
    assert result.output.startswith("Error: presets/own.yaml: ")
    assert len(result.output.splitlines()) == 1 and len(result.output) < 500


def test_what_is_wrong_in_params_is_not_the_presets(project):
    text = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(text.replace("lora_rank: 16", "lora_rank: 0"))
    assert "Error: params.yaml: finetune.lora_rank: 0: " in run("smoke").output


def test_what_the_params_lack_is_added_and_a_text_with_blanks_can_be_written(project):
    own = {"new": {"source": "path:model", "stop": []}}
    (project / PRESETS / "own.yaml").write_text(f"models: {own}\n")
    shutil.copy("params.yaml", "by_dvc.yaml")
    apply_overrides("by_dvc.yaml", run("own").output.split()[1::2])
    assert load_params("by_dvc.yaml").models["new"].sources == ["path:model"]
    persona = "persona:a pirate, they say: \"$(date) 'x'\""
    own = {"experiments": {"behavior_change": {"answers": persona}}}
    (project / PRESETS / "own.yaml").write_text(json.dumps(own))
    assert run("own", "--write").exit_code == 0
    assert load_params("params.yaml").told("behavior_change").answers == persona
