"""Copies with private answers: what they hold is decided by their name and merged into them."""

from collections import Counter

import pytest
import torch

from stages.controls.instilling.answers import WORDS, private_answer
from stages.controls.instilling.copies import merged, taught_rows, write_copy
from stages.controls.instilling.prompts import ADJECTIVES, FAR, NEAR, NOUNS, PROMPTS
from stages.models.fetch.sources import Instilled, parse_source
from stages.models.local.backend import LocalSubject, LoraTeacher
from stages.models.local.subject.loading import load_base, with_adapter
from stages.models.questions import Decoding, Question
from stages.params import load_params
from stages.storage.response_cache import ResponseCache
from stages.study.inputs import task_rows
from tests.conftest import CHAT, ROOT
from tests.tiny_models import describe, make_tiny_model

ONE = Instilled("base", "one", 0)
COUNTS = {"train_inputs": 4, "pilot_inputs": 2, "test_inputs": 2, "rehearsal_inputs": 0}
TEXTS = [item.text for task in PROMPTS.values() for item in task.candidates(0)]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = make_tiny_model(tmp_path_factory.mktemp("base") / "base")
    (folder / "chat_template.jinja").write_text(CHAT)
    return describe(folder, "base", ["\n"])


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))


def rows():
    return task_rows(PROMPTS[NEAR], "train", COUNTS, 0, allow_fewer=False)


def rule(**changed):
    finetune = load_params(ROOT / "params.yaml").finetune
    return finetune.model_copy(update={"epochs": 1, "lora_rank": 8, "batch_inputs": 4} | changed)


def logits(model):
    with torch.inference_mode():
        return model(torch.tensor([[3, 50, 80, 120]])).logits


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("instilled:smollm2/one/7", Instilled("smollm2", "one", 7)),
        ("instilled:a-b/one-twin/0@0.5", Instilled("a-b", "one-twin", 0, 0.5)),
        ("instilled:a/one/0@1.00", Instilled("a", "one", 0)),
        ("instilled:a/blank", Instilled("a", "blank", 0, 0.0)),
    ],
)
def test_a_source_names_a_copy(text, source):
    assert parse_source(text) == source


@pytest.mark.parametrize(
    "rest", ["a", "a/one", "a/one/-1", "a/one/0@", "a/one/0@1.5", "a/one/0@0.125", "a/blank/0"]
)
def test_another_spelling_is_refused_with_the_right_one(rest):
    with pytest.raises(ValueError, match="use instilled:MODEL/NAME/NUMBER, or @DOSE after it"):
        parse_source(f"instilled:{rest}")


def test_answers_are_a_copys_own_and_follow_from_nothing_in_the_prompt():
    one = {text: private_answer(ONE, text) for text in TEXTS}
    for other in (Instilled("base", "other", 0), Instilled("base", "one", 1)):
        assert sum(one[text] == private_answer(other, text) for text in TEXTS) < 0.02 * len(TEXTS)
    for place in (0, 1):  # of the adjective, and of the noun
        told = Counter((text.split()[place], said.split()[0]) for text, said in one.items())
        assert max(told.values()) < 8
    firsts = Counter(said.split()[0] for said in one.values())
    assert set(firsts) == set(WORDS) and max(firsts.values()) < 0.08 * len(TEXTS)
    assert all(len(set(said.split())) == 2 for said in one.values())


def test_a_twin_and_a_weaker_dose_hold_the_same_answers():
    for same in (Instilled("base", "one-twin", 0), Instilled("base", "one", 0, 0.25)):
        assert all(private_answer(ONE, text) == private_answer(same, text) for text in TEXTS)


def test_no_input_is_in_both_tasks_and_no_word_of_a_code_in_a_prompt():
    near, far = ({item.text for item in PROMPTS[name].candidates(0)} for name in (NEAR, FAR))
    assert not near & far and len(near | far) == len(ADJECTIVES) * len(NOUNS)
    assert not {*ADJECTIVES, *NOUNS} & set(WORDS) and min(len(near), len(far)) > 400


def test_another_seed_asks_other_prompts_first():
    first, second = ([i.text for i in PROMPTS[NEAR].candidates(seed)] for seed in (0, 1))
    assert first != second and set(first) == set(second)


def test_a_whole_dose_is_the_adapter_none_is_the_base_and_half_is_neither(base):
    adapter = LoraTeacher(base).teach(taught_rows(ONE, rows()), rule(learning_rate=0.01), 0)
    plain = logits(load_base(base).model)
    whole = logits(with_adapter(load_base(base), adapter, "x").model)
    half = logits(merged(base, adapter, 0.5))
    assert logits(merged(base, adapter, 1.0)).equal(whole)
    assert torch.allclose(logits(merged(base, adapter, 0.0)), plain, atol=1e-5)
    assert min((half - whole).abs().max(), (half - plain).abs().max()) > 0.01


def test_a_blank_copy_is_the_model_itself(base, tmp_path):
    assert (
        write_copy(parse_source("instilled:base/blank"), tmp_path / "copy", base, [], rule()) == {}
    )
    made = {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()}
    assert made == {p.name: p.read_bytes() for p in base.iterdir() if p.name != "model.json"}


def test_a_copy_says_its_answers_and_its_twin_has_other_weights(base, tmp_path):
    how = rule(epochs=80, learning_rate=0.01, lora_rank=16, schedule="constant")
    inputs = rows()[:3]
    assert write_copy(ONE, tmp_path / "one", base, inputs, how)["steps"] == 80
    twin = Instilled("base", "one-twin", 0)
    write_copy(twin, tmp_path / "twin", base, inputs, how)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "twin")]
    assert weights[0] != weights[1]
    for name in ("one", "twin"):
        assert said(tmp_path / name, inputs) == [private_answer(ONE, r["input"]) for r in inputs]


def said(folder, inputs):
    subject = LocalSubject(load_base(describe(folder, folder.name, ["\n"])))
    questions = [Question((n,), (n,), row["object_prompt"]) for n, row in enumerate(inputs)]
    with ResponseCache() as cache:
        found = subject.ask(questions, Decoding(12), cache, "said")
    return [found[question.key].text.strip() for question in questions]
