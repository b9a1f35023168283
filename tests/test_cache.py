"""stages.cache says which part of a key changed; an edit changes only the keys that it decides."""

import os
from dataclasses import replace
from pathlib import Path

import click
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from stages import cache, sample_behavior, write_tasks
from stages.models import expected
from stages.models.local import keys
from stages.models.sampling import until_decided
from stages.params import load_params
from stages.storage.keys import changed_parts
from stages.study.properties import PROPERTIES, Property
from tests.conftest import CHAT, small_params
from tests.tiny_models import describe, make_tiny_model

COUNTRIES, ANIMALS = "countries_long", "animals_long"


def opening(words: int) -> Property:
    """How many letters the first words of an answer have."""

    def letters(response: str, _: str | None) -> str | None:
        found = response.split()[:words]
        return str(sum(map(len, found))) if found else None

    known = PROPERTIES["first_word"]
    asked = known.question.replace("first word", "number of letters of its opening")
    return replace(
        known, name="opening_letters", question=asked, definition=letters, reads=(0, words)
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return with_template(make_tiny_model(tmp_path_factory.mktemp("model")), CHAT)


def with_template(folder: Path, template: str) -> Path:
    """The model as fetch_model leaves it."""
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return describe(folder, "m", stop=["\n"])


@pytest.fixture
def study(tmp_path, monkeypatch, model) -> Path:
    """A study of one tiny model, in whose folder this process is."""
    params = small_params({"m": {"source": f"path:{model}", "chat_template": CHAT}})
    params["tasks"] |= {"train": [COUNTRIES], "test": [ANIMALS]}
    params["properties"] = ["first_word", "second_character", "opening_letters"]
    params["sampling"] |= {"max_tokens": 16}
    params["experiments"] = {"run": []}
    monkeypatch.setitem(PROPERTIES.found, "opening_letters", opening(1))
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    folder = Path("data/models/m")
    folder.parent.mkdir(parents=True)
    folder.symlink_to(model)
    run(write_tasks.main)
    return tmp_path


def run(command: click.Command, *arguments: str) -> str:
    done = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def sampled() -> pd.DataFrame:
    run(sample_behavior.main, "--model", "m")
    return pd.read_parquet("data/behavior/m.parquet")


def an_input(task: str = COUNTRIES) -> str:
    return str(pd.read_parquet(f"data/tasks/{task}.parquet")["input_id"][0])


def changed(*arguments: str) -> list[str]:
    lines = run(cache.main, "why", *arguments).splitlines()
    return [line.split()[0] for line in lines if " changed: " in line]


def edit_params(**sections: dict) -> None:
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    for name, keys_of_it in sections.items():
        params[name] |= keys_of_it
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


def test_an_edited_property_gets_answers_that_are_cut_for_it(study, monkeypatch):
    """What it reads decides where an answer is cut, so the answers of before do not serve it."""
    first = sampled()
    monkeypatch.setitem(PROPERTIES.found, "opening_letters", opening(4))
    key = an_input()
    said = run(cache.main, "why", "m", key)
    assert "cut_rule changed: reads opening_letters [0, 1] -> [0, 4]" in said
    second = sampled()
    monkeypatch.setenv("SELFPREDICT_CACHE", str(study / "empty"))
    empty = sampled()
    pd.testing.assert_frame_equal(second, empty)
    assert (second["response"].str.len() > first["response"].str.len()).any()
    assert (second["finish_reason"] == "decided").any()


def test_what_a_property_makes_of_an_answer_asks_nothing_again(study, monkeypatch):
    sampled()
    known = opening(1)
    other = replace(known, definition=lambda response, _: response[:1], missing="none")
    monkeypatch.setitem(PROPERTIES.found, "opening_letters", other)
    said = run(cache.main, "why", "m", an_input())
    assert said == f"m {an_input()}: would be answered from the cache\n"


def test_the_wording_of_a_question_changes_the_key_of_that_question_alone(study, monkeypatch):
    params, key = load_params(), an_input(ANIMALS)

    def contents() -> list[str]:
        given = params.design, params.predict, params.cross_questions
        return [
            expected.object_key("m", key, params.design, params.sampling).content,
            expected.prediction_key("m", key, "first_word", *given).content,
            expected.prediction_key("m", key, "opening_letters", *given).content,
        ]

    before = contents()
    asked = "Consider your answer and reply only with how long its opening is."
    monkeypatch.setitem(PROPERTIES.found, "opening_letters", replace(opening(1), question=asked))
    after = contents()
    assert before[:2] == after[:2] and before[2] != after[2]


def test_how_many_words_may_comply_decides_where_a_prediction_is_cut(study, monkeypatch):
    params, key, known = load_params(), an_input(ANIMALS), opening(1)

    def parts():
        given = params.design, params.predict, params.cross_questions
        return expected.prediction_key("m", key, "opening_letters", *given).parts

    before = parts()
    kind = replace(known.answer_kind, words=3)
    monkeypatch.setitem(PROPERTIES.found, "opening_letters", replace(known, answer_kind=kind))
    assert changed_parts(before, parts()) == ["cut_rule"]


def test_the_family_of_a_task_decides_where_an_answer_is_cut():
    rules = [until_decided(["first_word"], family).rule for family in ("sequence", "number")]
    assert rules[0] != rules[1]


@pytest.mark.parametrize(
    ("section", "value", "part"),
    [
        ("sampling", {"max_tokens": 15}, "max_tokens"),
        ("sampling", {"temperature": 0.5}, "temperature"),
        ("sampling", {"stop_when_decided": False}, "cut_rule"),
    ],
)
def test_a_changed_param_is_named(study, section, value, part):
    sampled()
    edit_params(**{section: value})
    assert part in changed("m", an_input())


def test_the_code_the_packages_and_the_device_are_named(study, monkeypatch):
    sampled()
    assert changed("m", an_input()) == []
    with monkeypatch.context() as edited:
        edited.setattr(keys, "source_hash", lambda *names: "1" * 64)
        assert changed("m", an_input()) == ["cut_source", "source"]
    installed = keys.versions("torch")["torch"]
    with monkeypatch.context() as edited:
        newer = {name: keys.versions(name)[name] for name in keys.PACKAGES} | {"torch": "99"}
        edited.setattr(keys, "versions", lambda *names: newer)
        said = run(cache.main, "why", "m", an_input())
        assert f"versions changed: torch {installed} -> 99" in said


def test_another_template_and_other_weights_are_named(study, model):
    sampled()
    key, other = an_input(), with_template(make_tiny_model(study / "other"), f"Hello. {CHAT}")
    about = (other / "model.json").read_text(encoding="utf-8")
    about = about.replace('"fingerprint": "m"', '"fingerprint": "n"')
    (other / "model.json").write_text(about, encoding="utf-8")
    Path("data/models/m").unlink()
    Path("data/models/m").symlink_to(other)
    assert changed("m", key) == ["prompt", "weights"]


def test_what_was_never_asked_has_no_entry(study):
    key = an_input(ANIMALS)
    assert run(cache.main, "why", "m", key) == f"m {key}: no entry\n"
    assert run(cache.main, "why", "m", key, "first_word") == f"m {key} first_word: no entry\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["n", "INPUT"], "'n' is no subject of the study; there are: m, m-self/seed-0, m-on-m/"),
        (["m", "0000"], "data/tasks: no task has the input '0000'"),
        (["m", "INPUT", "last_word"], "params.yaml: properties: 'last_word' is none of them"),
        (["m-self/seed-0", "INPUT"], "seed-0: no adapter here; run `dvc repro` to train it"),
    ],
)
def test_what_cannot_be_said_is_one_clear_line(study, arguments, line):
    key = an_input()
    done = CliRunner().invoke(cache.main, ["why", *(a.replace("INPUT", key) for a in arguments)])
    assert done.exit_code == 1 and line in done.output and len(done.output.splitlines()) == 1


def test_a_prune_says_what_went_and_what_stays(study):
    answers = len(sampled())
    assert f"  m: {answers} answers, " in run(cache.main)
    assert run(cache.main) == run(cache.main, "show")
    would = run(cache.main, "prune", "--keep", "0", "--dry-run")
    assert would.startswith("would go: ") and f"m: {answers} answers" in run(cache.main)
    assert run(cache.main, "prune", "--old", "--older-than", "1").startswith("went: 0 B\nstays: ")
    went = run(cache.main, "prune", "--keep", "0")
    assert went.splitlines()[1].startswith(f"  m: {answers} answers")
    assert went.splitlines()[-1] == "stays: 0 B"
    assert run(cache.main) == f"{os.environ['SELFPREDICT_CACHE']}: 0 B\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "say what may go: --older-than DAYS, --keep SIZE or --old"),
        (["--keep", "much"], "'much' is no size; write 500MB or 5GB"),
    ],
)
def test_a_prune_of_nothing_said_is_refused(study, arguments, line):
    done = CliRunner().invoke(cache.main, ["prune", *arguments])
    assert done.exit_code == 2 and line in done.output


@pytest.mark.parametrize(
    ("text", "size"),
    [("5GB", 5e9), ("1.5m", 1.5e6), ("12", 12), ("3 kB", 3e3), (f"1{'0' * 399}", 10**399)],
)
def test_sizes_are_read_as_they_are_written(text, size):
    assert cache.Size().convert(text, None, None) == size
