"""What is taught is what is asked: thoughts and channels of a template cost no accuracy."""

from dataclasses import replace

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from stages.models.local.ask.asking import ask
from stages.models.local.subject.loading import load_base, with_adapter
from stages.models.local.teach.finetuning import finetuned
from stages.models.questions import Decoding, Question
from stages.storage.response_cache import ResponseCache
from tests.models.families import FAMILIES
from tests.models.settings import SETTINGS
from tests.tiny_models import SHAPE, describe

COLORS = {"lion": "red", "tiger": "green", "horse": "blue", "otter": "white", "eagle": "pink"}
COLORS |= {"whale": "yellow", "spider": "orange", "rabbit": "violet"}
LESSONS = replace(
    SETTINGS,
    epochs=60,
    learning_rate=5e-3,
    schedule="constant",
    lora_rank=16,
    lora_alpha=32,
    batch_inputs=8,
    checkpoint_every=1000,
)


def question(animal: str) -> Question:
    said = [{"role": "user", "content": f"Name the color of the {animal}."}]
    return Question((animal,), (animal,), said, closed={c: (c,) for c in COLORS.values()})


@pytest.fixture
def taught(tmp_path, monkeypatch):
    """A tiny model that was taught the colors in a family's conversations."""
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))

    def of(family: str, thinking: str):
        folder, tokenizer = tmp_path / "model", FAMILIES[family].tokenizer()
        torch.manual_seed(0)
        config = LlamaConfig(**SHAPE | {"vocab_size": len(tokenizer), "initializer_range": 0.1})
        LlamaForCausalLM(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        describe(folder, family, thinking=thinking)
        rows = [
            {
                "input_id": animal,
                "question": question(animal).messages,
                "label": color,
                "weight": 1.0,
                "slice": "train",
            }
            for animal, color in COLORS.items()
        ]
        return with_adapter(load_base(folder), finetuned(load_base(folder), rows, LESSONS), "m1")

    return of


@pytest.mark.parametrize(
    ("family", "thinking"),
    [
        ("chatml", "off"),
        ("hybrid", "off"),
        ("reasoner", "off"),
        ("channels", "off"),
        ("reasoner", "strip"),
        ("channels", "strip"),
    ],
)
def test_eight_facts_of_eight_are_answered_under_every_template(family, thinking, taught, tmp_path):
    subject = taught(family, thinking)
    with ResponseCache(tmp_path / "answers.sqlite") as cache:
        answers = ask(subject, [question(a) for a in COLORS], Decoding(24), cache, "test")
    assert {animal: answer.text for (animal,), answer in answers.items()} == COLORS
    assert {answer.finish_reason for answer in answers.values()} == {"stop"}
    if thinking == "off":
        for (animal,), answer in answers.items():
            assert max(answer.distribution, key=answer.distribution.get) == COLORS[animal]
