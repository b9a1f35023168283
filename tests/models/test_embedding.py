"""The mean last hidden state of a prompt: over a prefix tree as over each prompt by itself."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from stages.models.local import embedding
from stages.models.local.backend import LocalSubject
from stages.models.local.embedding import embedded
from stages.models.local.subject.loading import load_base
from stages.models.questions import Question
from stages.models.sampling import embeddings
from stages.storage.errors import StudyError
from stages.storage.tables import read_table, write_table
from tests.tiny_models import describe, make_tiny_model

PROMPTS = [(9, 8, 7, 6), (9, 8, 7), (9, 8, 5, 4, 3), (20,), (9, 8, 7, 6), tuple(range(5, 60))]


@pytest.fixture(scope="module", params=["llama", "gemma3"])
def subject(request, tmp_path_factory):
    folder = make_tiny_model(tmp_path_factory.mktemp("model"), 0, request.param)
    subject = load_base(describe(folder, request.param, stop=["\n"]))
    subject.tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    return subject


@pytest.mark.parametrize("shares", [True, False])
@pytest.mark.parametrize("budget", [1, 12, 1000])
def test_it_is_the_mean_of_the_last_layer_whatever_is_computed_together(
    subject, shares, budget, monkeypatch
):
    monkeypatch.setattr(embedding, "token_budget", lambda model: budget)
    found = embedded(replace(subject, shares=shares), PROMPTS)
    with torch.inference_mode():
        for prompt, values in zip(PROMPTS, found, strict=True):
            told = subject.model(torch.tensor([prompt]), output_hidden_states=True)
            mean = told.hidden_states[-1][0].mean(0)
            assert torch.allclose(torch.tensor(values), mean, atol=1e-3, rtol=1e-3)
            half = torch.tensor(values).half()
            assert values == half.float().tolist()  # no more than a float16 holds


def test_a_table_has_a_row_for_each_input_and_the_same_bytes_again(subject, tmp_path):
    inputs = [
        {"input_id": f"{n}", "object_prompt": [{"role": "user", "content": f"lion and {n}"}]}
        for n in (2, 0, 1)
    ]
    files = []
    for name in "ab":
        path = tmp_path / f"{name}.parquet"
        write_table("embeddings", embeddings(LocalSubject(subject), inputs), path)
        files.append(path.read_bytes())
    assert files[0] == files[1]
    rows = read_table("embeddings", tmp_path / "a.parquet")
    assert [row["input_id"] for row in rows] == ["0", "1", "2"]
    (values,) = embedded(subject, [subject.chat.prompt(inputs[1]["object_prompt"])])
    assert rows[0]["values"] == pytest.approx(values, abs=1e-3)


def test_a_model_without_hidden_states_has_no_rows(subject, monkeypatch):
    headless = property(lambda model: lambda **inputs: SimpleNamespace(state=None))
    monkeypatch.setattr(type(subject.model), "base_model", headless)
    question = Question(("0", 0), ("0",), [{"role": "user", "content": "a"}])
    assert LocalSubject(subject).embedded([question]) == {}


def test_what_is_no_number_is_refused(subject, monkeypatch):
    states = torch.full((1, 1, 4), torch.nan)
    monkeypatch.setattr(embedding, "_last_hidden", lambda model, **_: states)
    with pytest.raises(StudyError, match="is not finite"):
        embedded(replace(subject, shares=False), [(20,)])
