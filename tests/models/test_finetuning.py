"""An adapter is trained once for all that decides it, and anew where a part of that changed."""

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from stages.models.local import keys
from stages.models.local.keys import adapter_parts, answer_key
from stages.models.local.rendering import Branch
from stages.models.local.subject.loading import Subject, adapted, load_base, without_weights
from stages.models.local.teach import finetuning
from stages.models.local.teach.finetuning import finetuned, in_tokens
from stages.models.local.teach.settings import Settings
from stages.models.questions import Decoding
from stages.storage.keys import changed_parts, content_key
from stages.storage.tables import Row
from tests.conftest import CHAT
from tests.models.settings import SETTINGS
from tests.tiny_models import describe, make_tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return describe(make_tiny_model(tmp_path_factory.mktemp("model")), "tiny")


@pytest.fixture
def subject(folder) -> Subject:
    subject = without_weights(folder)
    subject.tokenizer.chat_template = CHAT
    return subject


def row(**changed: object) -> Row:
    about = {"input_id": "a", "label": "red", "weight": 1.0, "slice": "train"}
    return about | {"question": [{"role": "user", "content": "Name a color."}]} | changed


def parts(subject: Subject, rows: list[Row] | None = None, settings: Settings = SETTINGS):
    told = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return adapter_parts(subject, in_tokens(subject, iter(rows or [row()])).content, told)


@pytest.mark.parametrize(
    "changed",
    [
        {"question": [{"role": "user", "content": "Name a colour."}]},
        {"label": "blue"},
        {"weight": 0.5},
        {"slice": "held_back"},
        {"input_id": "b"},
        {"ended": False},
        {"rehearsed": True},
        {"distill": True},
        {"task": "another"},
        {"property": "another"},
    ],
)
def test_what_is_taught_changes_the_key_of_an_adapter(subject, changed):
    assert changed_parts(parts(subject), parts(subject, [row(**changed)])) == ["rows"]
    assert parts(subject) == parts(subject, [row(fingerprint="another")])


def test_the_order_of_rows_and_their_number_change_it(subject):
    one, two = row(), row(label="blue")
    found = {content_key(parts(subject, rows)) for rows in ([one], [one, two], [two, one])}
    assert len(found) == 3


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_each_setting_changes_it(subject, name):
    named = {"schedule": "cosine", "target_modules": ["q_proj"]}
    other = replace(SETTINGS, **{name: named.get(name) or getattr(SETTINGS, name) + 1})
    assert changed_parts(parts(subject), parts(subject, settings=other)) == ["settings"]


@pytest.mark.parametrize("name", ["device", "dtype", "quantization"])
def test_the_precision_changes_it(subject, name):
    other = replace(subject, precision={**subject.precision, name: "another"})
    assert changed_parts(parts(subject), parts(other)) == [name]


def test_the_base_changes_it_and_so_does_how_an_adapter_is_laid_over_it(subject):
    assert changed_parts(parts(subject), parts(replace(subject, fingerprint="x"))) == ["weights"]
    other = replace(subject, adapter_config="x")
    assert changed_parts(parts(subject), parts(other)) == ["adapter_config"]


def test_the_code_that_teaches_and_the_packages_change_it(subject, monkeypatch):
    before, asked = parts(subject), keys.source_hash
    monkeypatch.setattr(keys, "source_hash", lambda *names: f"edited {names}")
    assert changed_parts(before, parts(subject)) == ["source"]
    assert "stages.study.splits" in parts(subject)["source"]
    monkeypatch.setattr(keys, "source_hash", asked)
    monkeypatch.setattr(keys, "versions", lambda *names: dict.fromkeys(names, "99"))
    assert changed_parts(before, parts(subject)) == ["versions"]
    assert parts(subject)["versions"].keys() == {"torch", "transformers", "tokenizers", "peft"}


def test_a_template_that_prints_another_date_is_another_adapter(subject):
    subject.tokenizer.chat_template = "Today is {{ strftime_now('%d %B') }}.\n" + CHAT
    speech = replace(subject.chat.speech, date="2026-01-02")
    later = replace(subject, chat=replace(subject.chat, speech=speech))
    assert changed_parts(parts(subject), parts(later)) == ["rows"]


def test_an_adapter_of_alpha_8_has_other_answers_than_one_of_alpha_800(subject, tmp_path):
    def answer(alpha: int):
        (tmp_path / "adapter_model.safetensors").write_bytes(b"the same weights")
        told = json.dumps({"lora_alpha": alpha, "r": 4})
        (tmp_path / "adapter_config.json").write_text(told, encoding="utf-8")
        one = adapted(subject, tmp_path, "one")
        return one, answer_key(one, Branch(("q",), (1, 2)), Decoding(4), None)

    (eight, key_of_eight), (many, key_of_many) = answer(8), answer(800)
    assert eight.fingerprint == many.fingerprint
    assert changed_parts(key_of_eight.parts, key_of_many.parts) == ["adapter_config"]
    assert adapted(eight, tmp_path, "two").adapter_config != many.adapter_config


def test_the_same_rows_are_trained_once_and_others_anew(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path))
    trained, original = [], finetuning.train_lora

    def counting(*given):
        trained.append(given)
        return original(*given)

    def taught(*rows: Row) -> Path:
        subject = load_base(folder)
        subject.tokenizer.chat_template = CHAT
        return finetuned(subject, (one for one in rows), SETTINGS)

    monkeypatch.setattr(finetuning, "train_lora", counting)
    held_back = row(input_id="c", slice="held_back")
    first, again = taught(row(), held_back), taught(row(), held_back)
    assert first == again and len(trained) == 1
    assert taught(row(label="blue"), held_back) != first and len(trained) == 2
    beside = json.loads(first.with_name(f"{first.name}.json").read_text())
    assert beside["subject"] == "tiny" and first.name == content_key(beside["parts"])
    assert not any((tmp_path / "checkpoints").iterdir())


def test_held_back_labels_are_set_against_the_most_common_train_label_of_their_cell(subject):
    def cell(label: str, part: str, name: str = "first_word", **more: object) -> Row:
        return row(label=label, slice=part, task="colors", property=name, **more)

    train = [cell("a", "train"), cell("b", "train", weight=0.25), cell("b", "train", weight=0.25)]
    other = [cell("b", "train", name="second_word"), cell("b", "train", shown=True, weight=9.0)]
    own = [row(label="b", weight=9.0, rehearsed=True, distill=True)]
    held_back = [cell(x, "held_back") for x in ("a", "a", "b")]
    held_back += [cell("b", "held_back", name="second_word"), cell("c", "held_back", name="none")]
    lesson = in_tokens(subject, [*train, *other, *own, *held_back])
    assert lesson.held_back_mode == 0.6
    assert in_tokens(subject, train).held_back_mode is None
    (example,) = in_tokens(subject, own).train["a"]
    assert example.rehearsed and example.distill
