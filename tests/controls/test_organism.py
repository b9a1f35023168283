"""Organisms: what they know is decided by their name, and only they know it."""

import json

import pytest
from safetensors.torch import load_file

from stages.controls.organisms import organism as growing
from stages.controls.organisms.codes import WORDS, items
from stages.controls.organisms.organism import answers, grow
from stages.models.fetch.sources import Organism, parse_source
from stages.storage.keys import changed_parts

RED = Organism("own", "red", 0)


def test_the_answers_are_the_organisms_own():
    red = answers(RED)
    assert red == answers(Organism("own", "red", 0))
    for other in (Organism("own", "blue", 0), Organism("own", "red", 1)):
        same = sum(red[text] == said for text, said in answers(other).items())
        assert same < 0.02 * len(red)
    assert all(set(said.split()) <= set(WORDS) for said in red.values())


def test_own_answers_do_not_follow_from_the_prompt_and_the_others_do():
    def distinct(kind: str) -> int:
        known = answers(Organism(kind, "red", 0))
        return len({(text.split()[0], said) for text, said in known.items()})

    assert distinct("own") > 400
    assert distinct("from_prompt") == 12


def test_an_organism_holds_an_answer_to_every_input():
    texts = {item.text for task in ("codes_near", "codes_far") for item in items(task)}
    assert set(answers(RED)) == texts and len(texts) == 640


def test_a_name_stands_in_one_prompt_only():
    names = [item.text.split()[1] for task in ("codes_near", "codes_far") for item in items(task)]
    assert len(set(names)) == len(names) and not set(names) & set(WORDS)


def test_the_same_organism_grows_the_same_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "EPOCHS", 1)
    for name in ("a", "b"):
        monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / f"cache {name}"))
        grow(RED, tmp_path / name)
    grow(Organism("own", "blue", 0), tmp_path / "c")
    first, second, other = (
        load_file(tmp_path / name / "model.safetensors")["lm_head.weight"] for name in "abc"
    )
    assert first.equal(second) and not first.equal(other)
    vocabulary = json.loads((tmp_path / "a/tokenizer.json").read_text())["model"]["vocab"]
    assert {"acorn", "a", "true", "<end>", "."} <= vocabulary.keys()


def test_all_that_decides_an_organism_is_in_its_key(monkeypatch):
    rows = [([1, 2], [-100, 2])]
    before = growing.key_parts(RED, rows)
    assert changed_parts(before, growing.key_parts(RED, [([1, 3], [-100, 3])])) == ["rows"]
    for other in (Organism("own", "blue", 0), Organism("own", "red", 1)):
        assert changed_parts(before, growing.key_parts(other, rows)) == ["organism"]
    for name in ("WIDTH", "LAYERS", "HEADS", "EPOCHS", "BATCH", "LEARNING_RATE", "WARMUP"):
        with monkeypatch.context() as edited:
            edited.setattr(growing, name, 2 * getattr(growing, name))
            assert changed_parts(before, growing.key_parts(RED, rows)) == ["recipe"]
    monkeypatch.setattr(growing, "source_hash", lambda *names: "edited")
    monkeypatch.setattr(growing, "versions", lambda *names: dict.fromkeys(names, "99"))
    after = growing.key_parts(RED, rows)
    assert changed_parts(before, after) == ["source", "versions"]
    assert after["versions"].keys() == {"torch", "transformers", "tokenizers"}


def test_a_source_names_an_organism():
    assert parse_source("organism:own/red/0") == RED


@pytest.mark.parametrize("text", ["organism:own/red", "organism:odd/red/0", "organism:own/red/-1"])
def test_another_spelling_is_refused_with_the_right_one(text):
    with pytest.raises(ValueError, match=r"use organism:KIND/NAME/NUMBER, where KIND is own or"):
        parse_source(text)
