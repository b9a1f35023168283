"""What a probe finds out of a server: by its answers, once, and never from what may pass."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from stages.models.hosted.abilities import Abilities
from stages.models.hosted.ask import trying
from stages.models.hosted.ask.begun import IN_WORDS
from stages.models.hosted.backend import HostedSubject
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import Tariff
from stages.models.hosted.probe.kept import recall
from stages.models.hosted.probe.orders import BEGUN, probe_requests
from stages.models.hosted.probe.probing import know
from stages.models.hosted.purse import Purse
from stages.models.questions import Question
from stages.storage.errors import StudyError
from stages.storage.response_cache import ResponseCache
from tests.hosted.asked import AT_ONCE, DRAWN, GREEDY, hosted, question, questions, serving
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.faults import Faults, broken, cut, html, refused, too_many
from tests.hosted.standin.speaking import says

CHATS = "/v1/chat/completions"


def probed(server, folder, **how):
    """What is known of the model `toy` after a probe."""
    model = hosted(server, **how)
    with ResponseCache(folder / "answers.sqlite") as cache:
        know(model, cache, lambda: True, wait=AT_ONCE)
    return model.abilities


def sent(server):
    return [entry.request.json for entry in server.log if entry.request.path == CHATS]


def begun(blank=""):
    said = [*question(0).messages, {"role": "assistant", "content": f"The number{blank}"}]
    return Question(("k",), ("k",), said)


def asked_with_probe(model, asked, folder, decoding=GREEDY):
    with ResponseCache(folder / "answers.sqlite") as cache:
        return HostedSubject("toy", model).ask(asked, decoding, cache, "toy")


PREFILLS = {
    "llama.cpp": (Chat(prefill="whole"), "whole", False),
    "vLLM": (Chat(prefill="rest"), "rest", True),
    "one that goes on untold": (
        Chat(prefill="none", drops=frozenset({"usage"}), speaker=says("ur", ", five")),
        "rest",
        False,
    ),
    "one that starts over": (Chat(prefill="none", speaker=says("Well", ": one")), "none", False),
    "one that refuses": (
        Chat(prefill="none", refuses=frozenset({"continue_final_message"})),
        "none",
        False,
    ),
}


@pytest.mark.parametrize("server", PREFILLS)
def test_what_comes_back_of_a_begun_answer_is_found_by_answers(server, tmp_path):
    chat, prefill, continues = PREFILLS[server]
    with serving(chat) as (running, _):
        can = probed(running, tmp_path)
    assert (can.prefill, can.continues, can.probed) == (prefill, continues, True)


def test_what_is_left_out_in_silence_and_what_is_refused_is_found_before_a_question_is_asked(
    tmp_path,
):
    chat = Chat(
        refuses=frozenset({"seed", "temperature", "max_tokens"}),
        drops=frozenset({"n", "logprobs"}),
    )
    with serving(chat) as (server, _):
        can = probed(server, tmp_path)
        server.entries.clear()
        model = hosted(server)
        with ResponseCache(tmp_path / "answers.sqlite") as cache:
            assert recall(model, cache)
            HostedSubject("toy", model).ask(questions(2, samples=2), DRAWN, cache, "toy")
        assert len(server.log) == 4 and {entry.reply.status for entry in server.log} == {200}
    assert (can.limit, can.n, can.logprobs) == ("max_completion_tokens", False, False)
    assert not can.seed and not can.temperature and can.stop


def test_a_limit_of_tokens_that_is_ignored_in_silence_has_its_other_name(tmp_path, caplog):
    chat = Chat(prefill="none", drops=frozenset({"max_tokens"}), speaker=says(*"abcdefghij"))
    with serving(chat) as (server, _):
        assert probed(server, tmp_path / "one").limit == "max_completion_tokens"
        chat.drops |= {"max_completion_tokens"}
        assert "cost more" not in caplog.text
        assert probed(server, tmp_path / "both").limit == "max_completion_tokens"
        chat.refuses = frozenset({"max_tokens"})
        assert probed(server, tmp_path / "refused").limit == "max_completion_tokens"
    assert "cost more" in caplog.text


def test_a_probe_is_made_once_and_what_is_learnt_later_is_kept_too(tmp_path):
    chat = Chat()
    with serving(chat) as (server, _):
        asked_with_probe(hosted(server), questions(1, samples=2), tmp_path, DRAWN)
        first = len(server.log)
        chat.refuses = frozenset({"seed"})
        asked_with_probe(hosted(server), questions(3, samples=2), tmp_path, DRAWN)
        assert len(server.log) == first + 3  # one refusal, and two conversations
        asked_with_probe(hosted(server), questions(4, samples=2), tmp_path, DRAWN)
        assert len(server.log) == first + 4
        asked_with_probe(hosted(server), questions(4, samples=2), tmp_path, DRAWN)
        assert len(server.log) == first + 4


def test_of_two_who_ask_at_once_one_probes_and_the_other_waits_for_it(tmp_path):
    with serving(latency=0.05) as (server, _), ThreadPoolExecutor() as both:
        found = list(both.map(lambda _: probed(server, tmp_path), range(2)))
        assert found[0] == found[1] and len(sent(server)) == 2


def test_nothing_is_probed_where_all_answers_are_there(tmp_path):
    with serving() as (server, _):
        with ResponseCache(tmp_path / "answers.sqlite") as cache:
            know(hosted(server), cache, lambda: False)
        assert not server.log


def test_the_requests_of_a_probe_can_be_told_beforehand(tmp_path):
    with serving(Chat(prefill="none")) as (server, _):
        probed(server, tmp_path, stop=("!",))
        told = probe_requests(hosted(server, stop=("!",)))
        assert sent(server) == told
        assert [e.request.path for e in server.log if e.request.method == "GET"] == ["/v1/models"]
    assert max(one["max_tokens"] for one in told) <= 8


def test_nothing_is_concluded_from_what_may_pass(tmp_path):
    faults = too_many(), broken(503), html(), cut(), broken(500)
    with serving(Chat(prefill="rest")) as (server, _):
        sound = probed(server, tmp_path / "sound")
    with serving(Chat(prefill="rest"), *faults) as (server, _):
        assert probed(server, tmp_path / "found") == sound


def test_a_server_that_does_not_answer_a_probe_ends_the_run_and_is_probed_again(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(trying, "TRIES", 2)
    with serving() as (server, _):
        for failing in (range(1, 99), range(2, 99)):  # all, and all after the first answer
            server.faults = Faults(dict.fromkeys(failing, broken(500)))
            with pytest.raises(StudyError, match="does not answer"):
                probed(server, tmp_path)
        server.faults = None
        assert probed(server, tmp_path).prefill == "whole"


def test_a_server_that_always_fails_on_a_begun_answer_alone_cannot_go_on_with_it(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(trying, "TRIES", 2)

    def fails(request, handler):
        if BEGUN in request.body.decode():
            return broken(500).reply(request, handler), "500"
        return handler(request), None

    with serving(faults=fails) as (server, _):
        assert probed(server, tmp_path).prefill == "none"


def test_a_model_that_is_not_listed_or_will_end_is_named_in_a_line(tmp_path, caplog):
    with serving(Chat(models=("other",), answers_any=True)) as (server, _):
        probed(server, tmp_path / "other")
    assert "does not list 'toy'; it has 'other'" in caplog.text
    caplog.clear()
    with serving(Chat(shutdown_date="2027-01-14")) as (server, _):
        for _ in range(2):  # by the probe, and by what is kept of it
            assert probed(server, tmp_path / "ends").ends == "2027-01-14"
    assert caplog.text.count("the server takes toy away on 2027-01-14") == 2


def test_a_server_without_a_list_of_models_is_probed_all_the_same(tmp_path, caplog):
    def no_list(request, handler):
        if request.path.endswith("/models"):
            return refused(404, "Not Found").reply(request, handler), "404"
        return handler(request), None

    caplog.set_level(logging.WARNING)
    with serving(faults=no_list) as (server, _):
        assert probed(server, tmp_path).probed and not caplog.text


def test_what_training_made_has_the_abilities_of_its_base(tmp_path):
    chat = Chat(models=("toy", "taught"), drops=frozenset({"n"}))
    (tmp_path / "model.json").write_text(json.dumps({"backend": "openai", "model": "taught"}))
    with serving(chat) as (server, _):
        trained = HostedSubject("toy", hosted(server)).changed(tmp_path, "toy-self/seed-0")
        with ResponseCache(tmp_path / "answers.sqlite") as cache:
            trained.ask(questions(1, samples=2), DRAWN, cache, "toy")
        counts = [(one["model"], one.get("n", 1)) for one in sent(server)]
    assert counts[-2:] == [("taught", 1), ("taught", 1)]
    assert {model for model, _ in counts[:-2]} == {"toy"}


def test_a_probe_is_paid_out_of_the_account_of_the_study(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path))
    purse = Purse(Ledger(LimitsParams(), "sample", tmp_path), Tariff("toy"))
    with serving() as (server, chat):
        probed(server, tmp_path, purse=purse)
    (paid,) = purse.ledger.totals()
    assert paid.tokens.total == chat.tokens.total() and paid.requests == len(chat.answered)


def test_a_begun_answer_is_put_into_words_where_a_server_cannot_go_on_with_it(tmp_path, caplog):
    chat = Chat(prefill="none", speaker=says("The number", " is", " 7"))
    with serving(chat) as (server, _):
        found = asked_with_probe(hosted(server), [begun()], tmp_path)["k",]
        last = sent(server)[-1]["messages"]
    assert [one["role"] for one in last] == ["user"] and found.text == "is 7"
    assert last[0]["content"] == f"What is number 0?\n\n{IN_WORDS}\nThe number"
    assert "1 of 1 questions begin the answer" in caplog.text


def test_what_goes_on_no_more_is_an_error_and_asked_in_words_by_the_next_run(tmp_path):
    chat = Chat(prefill="rest", speaker=says(" is", " 7"))
    with serving(chat) as (server, _):
        asked_with_probe(hosted(server), questions(1), tmp_path)
        chat.refuses = frozenset({"continue_final_message"})
        ends = [asked_with_probe(hosted(server), [begun()], tmp_path)["k",] for _ in range(2)]
        assert len(sent(server)[-1]["messages"]) == 1
    assert [end.finish_reason for end in ends] == ["error", "stop"] and ends[1].text == "is 7"


def test_a_blank_at_the_end_of_what_was_begun_is_not_sent(tmp_path):
    with serving(Chat(speaker=says(" is", " 7"))) as (server, _):
        found = asked_with_probe(hosted(server), [begun(" ")], tmp_path)["k",]
        assert sent(server)[-1]["messages"][-1]["content"] == "The number"
    assert found.text == "is 7"


def test_the_key_tells_a_begun_answer_from_one_in_words_and_the_rest_from_its_beginning(tmp_path):
    nowhere = type("Nowhere", (), {"url": "http://127.0.0.1:1"})
    keys = set()
    for prefill in ("none", "rest", "whole"):
        model = hosted(nowhere, abilities=Abilities(prefill=prefill, probed=True))
        keys.add(HostedSubject("toy", model).keys([begun()], GREEDY)[0].content)
    assert len(keys) == 2
    chat = Chat(prefill="rest", speaker=says("The number", " The number"))
    with serving(chat) as (server, _):  # a rest that says the beginning once more has said it
        assert asked_with_probe(hosted(server), [begun()], tmp_path)["k",].text == (
            "The number The number"
        )
