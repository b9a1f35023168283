"""What is asked of a server: once, with seeds in a row, without what it cannot."""

import signal
import threading

import pytest

from stages.models.chat.hosted import HostedChat
from stages.models.hosted.ask.orders import SPACING, body, orders, placed
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import Tariff
from stages.models.hosted.purse import Purse
from stages.models.questions import Question
from stages.params.stopping import Stopped
from stages.storage.errors import StudyError
from tests.hosted.asked import DRAWN, GREEDY, answers, hosted, question, questions, serving
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.faults import broken, slow
from tests.hosted.standin.speaking import says


def texts(found):
    return {key: one.text for key, one in found.items()}


def test_what_was_answered_is_kept_and_one_prompt_is_sent_once(tmp_path):
    twice = [*questions(3), *(Question(("b", i), ("b", i), question(i).messages) for i in range(3))]
    with serving() as (server, chat):
        first = answers(hosted(server), twice, tmp_path)
        assert answers(hosted(server), twice, tmp_path) == first
        assert len(server.log) == 3
    assert texts(first)["i1", 0] == texts(first)["b", 1]
    meters = [one.meter for one in first.values()]
    assert sum(m.prompt_tokens for m in meters) == chat.tokens["prompt"]
    assert sum(m.answer_tokens for m in meters) == chat.tokens["answer"]


def test_samples_are_one_request_and_more_of_them_ask_for_the_new_ones_alone(tmp_path):
    with serving() as (server, _):
        four = answers(hosted(server), questions(2, samples=4), tmp_path, DRAWN)
        six = answers(hosted(server), questions(2, samples=6), tmp_path, DRAWN)
        asked = [entry.request.json for entry in server.log]
    assert [one["n"] for one in asked] == [4, 4, 2, 2]
    assert {two["seed"] - one["seed"] for one, two in zip(asked[:2], asked[2:], strict=True)} == {4}
    assert texts(six).items() >= texts(four).items() and len({*texts(six).values()}) > 6


def test_seeds_of_different_conversations_lie_apart_and_every_server_takes_them():
    model = hosted(type("Nowhere", (), {"url": "http://127.0.0.1:1"}))
    asked = [question(i, n) for i in (0, 1, 2**22) for n in range(1000)]
    seeds = [place.seed for place in placed(model, asked, DRAWN)]
    bases = {seed // SPACING for seed in seeds}
    assert all(0 <= seed < 2**31 for seed in seeds) and len(bases) <= 3
    assert [place.seed for place in placed(model, asked[:2], GREEDY)] == [None, None]


@pytest.mark.parametrize("name", ["n", "seed", "logprobs", "top_logprobs", "stop", "temperature"])
def test_what_a_server_refuses_is_asked_without_and_remembered(name, tmp_path):
    with serving(Chat(refuses=frozenset({name}), speaker=says("Yes", "!"))) as (server, _):
        model = hosted(server, stop=("!",))
        found = answers(model, questions(3, samples=2), tmp_path, DRAWN)
        assert set(texts(found).values()) == {"Yes"}
        answers(model, questions(4, samples=2)[6:], tmp_path, DRAWN)
        refusals = [entry for entry in server.log if entry.reply.status == 400]
        assert len(refusals) == (2 if name == "top_logprobs" else 1)
        assert name not in server.log[-1].request.json
    assert (found["i0", 0].logprob is None) is (name == "logprobs")


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_of_tokens_has_the_name_that_the_server_takes(name, tmp_path):
    with serving(Chat(refuses=frozenset({name}))) as (server, _):
        answers(hosted(server), questions(3), tmp_path)
        assert len(server.log) == (4 if name == "max_tokens" else 3)
        assert name not in server.log[-1].request.json


def test_a_server_that_takes_neither_limit_gives_an_error(tmp_path):
    both = frozenset({"max_tokens", "max_completion_tokens"})
    with serving(Chat(refuses=both)) as (server, _):
        found = answers(hosted(server), [question(0)], tmp_path)
    assert found["i0", 0].finish_reason == "error"


@pytest.mark.parametrize("left_out", ["n", "usage", "system_fingerprint", "logprobs"])
def test_what_a_server_leaves_out_in_silence_is_noticed(left_out, tmp_path):
    with serving() as (server, _):
        whole = answers(hosted(server), questions(2, samples=3), tmp_path / "whole", DRAWN)
    with serving(Chat(drops=frozenset({left_out}))) as (server, _):
        found = answers(hosted(server), questions(2, samples=3), tmp_path / "found", DRAWN)
        counts = [entry.request.json.get("n", 1) for entry in server.log]
    assert texts(found) == texts(whole)
    assert counts == ([3, 1, 1, 1, 1, 1] if left_out == "n" else [3, 3])
    assert all(one.meter.estimated is (left_out == "usage") for one in found.values())
    assert all(one.meter.answer_tokens > 0 for one in found.values())


def test_more_stop_marks_than_a_server_takes_hold_all_the_same(tmp_path):
    with serving(Chat(speaker=says("a", "b", "c", "d", "e", "f"))) as (server, _):
        model = hosted(server, stop=("1", "2", "3", "4", "e"))
        found = answers(model, [question(0)], tmp_path)["i0", 0]
    assert (found.text, found.finish_reason) == ("abcd", "stop")


@pytest.mark.parametrize("prefill", ["whole", "rest"])
def test_an_answer_that_was_begun_goes_on_without_its_beginning(prefill, tmp_path):
    begun = [*question(0).messages, {"role": "assistant", "content": "The number"}]
    with serving(Chat(prefill=prefill, speaker=says(" is", " 7"))) as (server, _):
        model = hosted(server)
        model.abilities.prefill, model.abilities.continues = prefill, prefill == "rest"
        found = answers(model, [Question(("k",), ("k",), begun)], tmp_path)["k",]
        assert ("continue_final_message" in server.log[0].request.json) is (prefill == "rest")
    assert found.text == "is 7"


def test_thinking_tokens_come_on_top_and_the_body_of_the_params_is_sent_and_in_the_key():
    nowhere = type("Nowhere", (), {"url": "http://127.0.0.1:1"})
    plain, chat = hosted(nowhere), HostedChat(extra_body={"top_k": 1}, thinking_tokens=100)
    thinks = hosted(nowhere, chat=chat)
    first, second = (placed(model, [question(0)], GREEDY) for model in (plain, thinks))
    sent = body(thinks, orders(thinks, second, GREEDY)[0])
    assert (sent["max_tokens"], sent["top_k"]) == (112, 1)
    assert first[0].key.content != second[0].key.content
    assert second[0].key.shared["model"] == "toy" and "http" not in second[0].key.shared["host"]


def test_the_bill_is_that_of_the_server_and_a_limit_ends_the_run_before_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path))
    prices = {"toy": {"input": 1.0, "output": 3.0}}
    for most, told in ((100_000, None), (250, "limits.max_tokens")):
        limits = LimitsParams.model_validate({"max_tokens": most, "prices": prices})
        purse = Purse(Ledger(limits, "sample", tmp_path / f"{most}"), Tariff("toy"))
        with serving(None, broken()) as (server, chat):
            model, folder = hosted(server, purse=purse), tmp_path / f"{most}"
            if told is None:
                found = answers(model, questions(20), folder)
                cost = sum(one.meter.cost_usd for one in found.values())
                assert cost == pytest.approx(
                    (chat.tokens["prompt"] + 3 * chat.tokens["answer"]) / 1e6
                )
            else:
                with pytest.raises(StudyError, match=told):
                    answers(model, questions(20), folder)
                assert 0 < len(chat.answered) < 20
            paid = [total for total in purse.ledger.totals() if not total.open]
            assert paid[0].tokens.prompt == chat.tokens["prompt"]
            assert paid[0].tokens.answer == chat.tokens["answer"]
            assert paid[0].tokens.total <= most


def test_a_signal_ends_a_run_at_once(tmp_path):
    with serving(None, slow(600)) as (server, _):
        timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGTERM])
        timer.start()
        handler = signal.signal(signal.SIGTERM, lambda number, _: _stop(number))
        try:
            with pytest.raises(Stopped):
                answers(hosted(server), questions(2), tmp_path)
        finally:
            signal.signal(signal.SIGTERM, handler)
            timer.join()


def _stop(number):
    raise Stopped(number)
