"""Answers do not depend on batches, the cache asks nothing twice, samples have their own seeds."""

import random
from dataclasses import replace

import pytest
import torch

from stages.models.local.ask import asking
from stages.models.local.ask.asking import ask
from stages.models.local.ask.stops import Stops, before_stop_mark
from stages.models.local.subject.loading import Subject, load_base
from stages.models.questions import Decoding, Question, Until
from stages.storage.errors import StudyError
from stages.storage.response_cache import ResponseCache
from tests.models.families import CHATML
from tests.tiny_models import describe, make_tiny_model

TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'user' %}User: {{ m.content }}\n"
    "{% else %}Assistant: {{ m.content }}\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)


@pytest.fixture(scope="module", params=["llama", "gemma3"])
def subject(request, tmp_path_factory):
    folder = make_tiny_model(tmp_path_factory.mktemp("model"), 0, request.param)
    subject = load_base(describe(folder, request.param, stop=["\n"]))
    subject.tokenizer.chat_template = TEMPLATE
    return subject


def questions() -> list[Question]:
    """Three questions an input, of different lengths."""
    ends = ["", " What is the first word?", " Name the second character of it, please."]
    return [
        Question(
            (number, end),
            (number,),
            [{"role": "user", "content": f"{'a lion and ' * number}number {number}.{end}"}],
            seed=number,
        )
        for number in range(5)
        for end in ends
    ]


def alone(subject, question: Question, max_tokens: int) -> str:
    """The greedy answer of `generate`, one prompt at a time, without padding."""
    ids = torch.tensor([subject.chat.prompt(question.messages)], device=subject.device)
    out = subject.model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=max_tokens, do_sample=False
    )
    answer = subject.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True).lstrip()
    return answer.split("\n")[0]


@pytest.mark.parametrize("shares", [True, False])
@pytest.mark.parametrize("budget", [1, 150, None])
def test_greedy_answers_are_those_of_generate_for_any_budget(subject, tmp_path, budget, shares):
    asked = questions()
    random.Random(budget).shuffle(asked)
    subject = replace(subject, shares=shares)
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        answers = ask(subject, asked, Decoding(9, budget=budget), cache, "test")
    for question in asked:
        assert answers[question.key].text == alone(subject, question, 9), question


def test_what_the_cache_has_is_not_asked_again(subject, tmp_path, monkeypatch):
    asked, computed = questions(), []
    original = asking.answer_groups

    def counting(subject, groups, **how):
        computed.extend(branch.key for group in groups for branch in group)
        return original(subject, groups, **how)

    monkeypatch.setattr(asking, "answer_groups", counting)
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        first = ask(subject, asked[:9], Decoding(6), cache, "test")
        assert sorted(computed) == sorted(q.key for q in asked[:9])
        computed.clear()
        second = ask(subject, asked, Decoding(6), cache, "test")
        assert sorted(computed) == sorted(q.key for q in asked[9:])
        computed.clear()
        ask(subject, asked, Decoding(7), cache, "test")
        assert len(computed) == len(asked)  # another decoding is another question
    assert all(second[key] == answer for key, answer in first.items())


def test_a_sample_is_decided_by_its_seed_alone(subject, tmp_path):
    prompt = [{"role": "user", "content": "Once upon a time"}]
    asked = [Question((n,), ("p",), prompt, seed=100 + n) for n in range(12)]
    decoding = Decoding(6, temperature=1.0)
    with ResponseCache(tmp_path / "a.sqlite") as cache:
        together = ask(subject, asked, decoding, cache, "test")
    with ResponseCache(tmp_path / "b.sqlite") as cache:
        one = ask(subject, asked[5:6], decoding, cache, "test")
    assert one[(5,)].text == together[(5,)].text
    assert len({answer.text for answer in together.values()}) > 6


def test_logprobs_are_those_of_the_model(subject, tmp_path):
    question = questions()[0]
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        answer = ask(subject, [question], Decoding(5), cache, "test")[question.key]
    ids = torch.tensor([subject.chat.prompt(question.messages)], device=subject.device)
    with torch.inference_mode():
        first = subject.model(ids).logits[0, -1].log_softmax(-1).max()
    assert answer.first_token_logprob == pytest.approx(float(first), abs=1e-3)
    assert answer.logprob <= answer.first_token_logprob


def test_running_out_of_memory_halves_the_budget_and_goes_on(subject, tmp_path, monkeypatch):
    asked, sizes, original = questions(), [], asking.answer_groups

    def small(subject, groups, **how):
        sizes.append(sum(map(len, groups)))
        if sizes[-1] > 3:
            raise torch.OutOfMemoryError("out of memory")
        return original(subject, groups, **how)

    with ResponseCache(tmp_path / "a.sqlite") as cache:
        whole = ask(subject, asked, Decoding(6), cache, "test")
    monkeypatch.setattr(asking, "answer_groups", small)
    with ResponseCache(tmp_path / "b.sqlite") as cache:
        parts = ask(subject, asked, Decoding(6), cache, "test")
    assert sizes[0] == 15 and max(sizes[-3:]) <= 3
    assert {k: a.text for k, a in parts.items()} == {k: a.text for k, a in whole.items()}


def test_one_question_too_large_for_the_memory_is_an_error(subject, tmp_path, monkeypatch):
    def never(*_, **__):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(asking, "answer_groups", never)
    with (
        ResponseCache(tmp_path / "c.sqlite") as cache,
        pytest.raises(StudyError, match="memory ran out on one question of"),
    ):
        ask(subject, questions(), Decoding(6), cache, "test")


def test_an_answer_is_cut_where_it_is_decided(subject, tmp_path):
    asked = questions()
    until = Until("five characters", lambda text: len(text) >= 5)
    early = [replace(q, until=until) for q in asked]
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        whole = ask(subject, asked, Decoding(9), cache, "test")
        cut = ask(subject, early, Decoding(9), cache, "test")
    for key, answer in cut.items():
        assert whole[key].text.startswith(answer.text)
        if answer.finish_reason == "decided":
            assert len(answer.text) >= 5 and len(answer.text) <= len(whole[key].text)
        else:
            assert answer == whole[key]
    assert sum(answer.finish_reason == "decided" for answer in cut.values()) > 5


def test_closed_answers_have_the_probabilities_of_their_first_tokens(subject, tmp_path):
    closed = {"b": ("b", "B"), "x": ("x", "X")}
    question = replace(questions()[2], closed=closed)
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        free = ask(subject, [question], Decoding(4), cache, "test")[question.key]
        scored = replace(question, score_only=True)
        best = ask(subject, [scored], Decoding(4), cache, "test")[question.key]
    ids = torch.tensor([subject.chat.prompt(question.messages)], device=subject.device)
    with torch.inference_mode():
        probability = subject.model(ids).logits[0, -1].softmax(-1)
    assert free.distribution.keys() == closed.keys()
    for answer, spellings in closed.items():
        firsts = {
            subject.tokenizer.encode(f" {spelling}", add_special_tokens=False)[0]
            for spelling in spellings
        }
        expected = float(probability[sorted(firsts)].sum())
        assert free.distribution[answer] == pytest.approx(expected, rel=1e-4)
    assert best.finish_reason == "scored"
    assert best.text == max(best.distribution, key=best.distribution.get)
    assert best.distribution == free.distribution


def test_answers_that_open_with_one_token_are_generated(subject, tmp_path):
    """Where the first token cannot tell the answers apart no distribution is made up."""
    closed = {"b": ("b",), "also b": ("b",)}
    question = replace(questions()[2], closed=closed, score_only=True)
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        answer = ask(subject, [question], Decoding(4), cache, "test")[question.key]
    assert answer.distribution is None and answer.finish_reason != "scored"
    assert answer.text == alone(subject, question, 4)


def test_tokens_that_are_as_likely_are_reported(subject, tmp_path, caplog):
    head = subject.model.get_output_embeddings().weight
    kept = head.detach().clone()
    question = questions()[0]
    try:
        with torch.no_grad():
            head.zero_()
        with ResponseCache(tmp_path / "a.sqlite") as cache:
            tied = ask(subject, [question], Decoding(3), cache, "tied")[question.key]
    finally:
        with torch.no_grad():
            head.copy_(kept)
    with ResponseCache(tmp_path / "b.sqlite") as cache:
        plain = ask(subject, [question], Decoding(3), cache, "plain")[question.key]
    assert tied.near_tie and not plain.near_tie
    assert caplog.text.count("1 answers hang on two tokens") == 1


@pytest.mark.parametrize(
    ("text", "stop", "settled"),
    [
        ("Peru Chad User ", ["User Question:"], "Peru Chad "),
        ("ab##", ["\n", "###"], "ab"),
        ("Peru", ["\n"], "Peru"),
        ("a##b", ["###"], "a##b"),
        ("ab#", ["##", "b#c"], "a"),
    ],
)
def test_what_may_become_a_stop_mark_decides_nothing(text, stop, settled):
    assert before_stop_mark(text, stop) == settled


@pytest.mark.parametrize(
    ("mark", "answer", "cut", "settled"),
    [
        ("<|open|>user", " red<|open|>user", "red", None),
        ("<|open|>user", " red<|open|>us", None, "red"),
        ("\n<|open|>", "\n<|open|>", "", None),
        ("\n<|open|>", "<|close|>red, blue\n<|open|>", "red, blue", None),
        ("\n<|open|>", "<|open|>red\n", None, "red"),
        ("<|open|>user", "<|open|>red us", None, "red us"),
    ],
)
def test_a_stop_mark_may_hold_a_special_token(mark, answer, cut, settled):
    chat = CHATML.chat(stop=(mark,))
    stops = Stops(Subject("tiny", None, chat, "a hash", {}))
    tokens = chat.tokenizer.encode(answer, add_special_tokens=False)
    text = stops.text(tokens)
    assert "<|open|>" not in text and stops.cut(text, tokens) == cut
    assert settled is None or stops.settled(text, tokens) == settled
