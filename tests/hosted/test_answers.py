"""What is read of a reply: cut as a local answer is, without its thought, with exact shares."""

import json
import math

import pytest

from stages.models.hosted.ask.answers import answer
from stages.models.hosted.ask.orders import Order
from stages.models.hosted.ask.replies import Reply, read
from stages.models.local.ask.asking import ask
from stages.models.local.subject.loading import load_base
from stages.models.predicting import FIRST_LINE
from stages.models.questions import Decoding, Meter
from stages.models.sampling import until_decided
from stages.storage.response_cache import ResponseCache
from tests.conftest import CHAT
from tests.hosted.asked import DRAWN, GREEDY, answers, hosted, question, questions, serving
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.speaking import says, toy
from tests.tiny_models import describe, make_tiny_model

METER = Meter("openai", None, "2026-01-01", 1, 0, 1, None, False)
MOST = 12
YES_NO = {"yes": ("yes", "YES", "Yes"), "no": ("no", "NO", "No")}
RULES = {
    "nothing": None,
    "first line": FIRST_LINE,
    "first word": until_decided(["first_word"], "sequence"),
    "third character": until_decided(["third_character"], "sequence"),
    "choice": until_decided([], "multiple_choice"),
}


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    folder = make_tiny_model(tmp_path_factory.mktemp("model"), 0, "llama")
    found = load_base(describe(folder, "tiny", stop=["\n", "z"]))
    found.tokenizer.chat_template = CHAT
    return found


@pytest.fixture(scope="module")
def grown(subject, tmp_path_factory):
    """Whole answers of a local model, as a server would send them, by the prompt's number."""
    found = {}
    asked = [question(i) for i in range(24)]
    with ResponseCache(tmp_path_factory.mktemp("cache") / "c.sqlite") as cache:
        steps = [ask(subject, asked, Decoding(n), cache, "") for n in range(1, MOST + 1)]
    for one in asked:
        taken = [step[one.key] for step in steps]
        going = [step for step in taken if step.finish_reason == "length"]
        ends = [len(step.text.encode()) for step in going]
        silent = len(going) == MOST and ends[-2:-1] == ends[-1:]  # its last token says nothing
        if not silent and not any("\ufffd" in step.text for step in taken):
            tokens = [(end, -1.0, False) for end in ends]
            found[one.key] = Reply(taken[-1].text, taken[-1].finish_reason, tokens, None, METER)
    return found


@pytest.mark.parametrize("rule", RULES)
def test_text_and_end_of_an_answer_are_those_of_the_same_model_run_locally(
    rule, subject, grown, tmp_path
):
    asked = [question(i, until=RULES[rule]) for i in range(24)]
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        local = ask(subject, asked, Decoding(MOST), cache, "")
    compared = [q for q in asked if q.key in grown]
    for one in compared:
        found = answer(grown[one.key], one, ("\n", "z"), False)
        expected = local[one.key]
        assert (found.text, found.finish_reason) == (expected.text, expected.finish_reason), one
    assert len(compared) > 5


def test_without_tokens_a_text_is_cut_at_the_character_that_decides_it():
    reply = Reply("  Yes, it is\nand more", "length", None, None, METER)
    found = answer(reply, question(0, until=FIRST_LINE), (), False)
    assert (found.text, found.finish_reason, found.logprob) == ("Yes, i", "decided", None)


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize(("most", "said"), [(12, "Yes"), (3, "")])
def test_a_thought_is_taken_off_and_one_without_an_end_leaves_nothing(inline, most, said, tmp_path):
    chat = Chat(thinks=5, inline=inline, speaker=says("Yes"))
    with serving(chat) as (server, _):
        found = answers(hosted(server), [question(0)], tmp_path, Decoding(most))["i0", 0]
    assert (found.text, found.finish_reason) == (said, "stop" if said else "length")


def test_a_thought_that_the_prompt_opened_is_taken_off_where_the_params_say_so():
    reply = Reply("I think so.</think>\n\nYes", "stop", None, None, METER)
    assert answer(reply, question(0), (), True).text == "Yes"
    assert answer(reply, question(0), (), False).text.startswith("I think")


def test_an_answer_in_parts_is_its_text_without_the_thought():
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    parts = [thought, {"type": "text", "text": "Ye"}, {"type": "text", "text": "s"}]
    order = Order(question(0).messages, (None,), None, 2, GREEDY)
    for content, expected in ((parts, "Yes"), ([thought], ""), (None, "")):
        message = {"content": content, "reasoning": "hm", "reasoning_content": "hm"}
        choice = {"message": message, "finish_reason": "stop"}
        found = read(json.dumps({"choices": [choice]}).encode(), order, 5)[0]
        assert answer(found, question(0), (), False).text == expected


TOP = [("Yes", math.log(0.5)), (" yes", math.log(0.25)), ("No", math.log(0.125)), ("?", -9.0)]


def test_shares_are_exact_where_a_token_opens_each_answer_and_the_most_probable_is_scored(tmp_path):
    closed = {"closed": YES_NO, "score_only": True}
    with serving(Chat(speaker=says("Hm", top=TOP))) as (server, _):
        found = answers(hosted(server), [question(0, **closed)], tmp_path)["i0", 0]
    assert found.distribution == {"yes": 0.75, "no": 0.125} and found.distribution_from is None
    assert (found.text, found.finish_reason) == ("yes", "scored")
    assert found.logprob == pytest.approx(math.log(0.75), abs=1e-4)


def test_a_first_piece_of_an_answer_counts_where_it_begins_no_other_one():
    closed = {"true": ("true", "True"), "false": ("false", "False")}
    top = [("tr", math.log(0.5)), (" false", math.log(0.25)), ("t", math.log(0.125))]
    reply = Reply("true", "stop", None, top, METER)
    found = answer(reply, question(0, closed=closed), (), False)
    assert found.distribution == {"true": 0.5, "false": 0.25}


@pytest.mark.parametrize("decoding", [GREEDY, DRAWN])
def test_without_log_probabilities_shares_are_those_of_samples_or_none(decoding, tmp_path):
    with serving(Chat(drops=frozenset({"logprobs"}))) as (server, _):
        found = answers(hosted(server), questions(4, samples=16, closed=YES_NO), tmp_path, decoding)
    told = {one.distribution_from for one in found.values()}
    assert told == ({None} if decoding is GREEDY else {"samples"} | told)
    if decoding is DRAWN:
        for one in found.values():
            assert one.distribution is None or 0 < sum(one.distribution.values()) <= 1
        assert "samples" in told


def test_a_response_of_any_json_is_read_or_refused_and_nothing_else():
    order = Order(question(0).messages, (None, None), 1, 2, GREEDY)
    message = {"content": "Yes"}
    broken = [
        *(None, 7, "x", [], {}, {"choices": {}}, {"choices": [7]}, {"choices": [{"message": 3}]}),
        {"choices": [{"message": message, "finish_reason": "tool_calls"}]},
        {"choices": [{"message": {"content": [1]}, "finish_reason": "stop"}]},
    ]
    for body in broken:
        assert "response" in read(json.dumps(body).encode(), order, 5).why
    odd = [
        {"logprobs": 3},
        {"logprobs": {"content": [{"token": "Yes", "logprob": "NaN"}]}},
        {"logprobs": {"content": [{"token": "Yes", "logprob": 0, "bytes": [999]}]}},
        {"logprobs": {"content": [{"token": "Nope", "logprob": 0}]}},
        {"index": 99, "logprobs": {"content": None}},
    ]
    for more in odd:
        choice = {"message": message, "finish_reason": "stop", **more}
        found = read(json.dumps({"choices": [choice], "usage": {"x": -1}}).encode(), order, 5)
        assert (found[0].text, found[0].tokens, found[0].meter.estimated) == ("Yes", None, True)


def test_a_fingerprint_that_changes_is_named_in_a_line_and_each_answer_has_its_own(
    tmp_path, caplog
):
    chat = Chat(fingerprint="fp_a")
    with serving(chat) as (server, _):
        answers(hosted(server), questions(1), tmp_path)
        assert not caplog.text
        chat.fingerprint = "fp_b"
        found = answers(hosted(server), questions(2), tmp_path)
    assert [one.meter.system_fingerprint for one in found.values()] == ["fp_a", "fp_b"]
    assert "system_fingerprint changed: fp_a, fp_b" in caplog.text


@pytest.mark.parametrize(("word", "expected"), [("Yes", "Yes"), ("\ud83d", "?")])
def test_half_characters_which_no_file_can_hold_are_mended(word, expected, tmp_path):
    chat = Chat(speaker=says(word, top=[("\ud83d", -1.0), ("Yes", -2.0)]), fingerprint="\udc00")
    with serving(chat) as (server, _):
        found = answers(hosted(server), [question(0)], tmp_path)["i0", 0]
        assert answers(hosted(server), [question(0)], tmp_path)["i0", 0] == found
    assert (found.text, found.meter.system_fingerprint) == (expected, "?")


def spoken(*words: str, text: str) -> dict:
    tokens = [{"token": w, "logprob": -1.0, "top_logprobs": [_top(w)]} for w in words]
    message = {"content": text}
    return {"message": message, "finish_reason": "stop", "logprobs": {"content": tokens}}


def _top(word: str) -> dict:
    return {"token": word, "logprob": -1.0}


def test_of_samples_whose_tokens_are_counted_as_those_of_one_each_has_what_it_shows():
    order = Order(question(0).messages, (None, None), 1, 2, GREEDY)
    choices = [spoken("a", "b", "c", text="abc"), spoken("d", text="d")]
    usage = {"prompt_tokens": 5, "completion_tokens": 3}
    found = read(json.dumps({"choices": choices, "usage": usage}).encode(), order, 5)
    assert [found[place].meter.answer_tokens for place in (0, 1)] == [3, 1]


def test_a_token_that_a_stop_mark_cut_and_nobody_shows_leaves_the_alternatives_of_the_first():
    order = Order(question(0).messages, (None,), None, 2, GREEDY)
    choice = spoken("The", " end", text="The end of")
    found = read(json.dumps({"choices": [choice]}).encode(), order, 5)[0]
    assert (found.text, found.tokens, found.top) == ("The end of", None, [("The", -1.0)])


@pytest.mark.parametrize(("speaker", "told"), [(says("Yes"), True), (toy, False)])
def test_a_server_that_draws_nothing_is_noticed_by_its_samples(speaker, told, tmp_path, caplog):
    with serving(Chat(speaker=speaker)) as (server, _):
        answers(hosted(server), questions(4, samples=3), tmp_path, DRAWN)
        assert ("the server may take no notice of `temperature`" in caplog.text) == told
        caplog.clear()
        answers(hosted(server), questions(4), tmp_path)
    assert "temperature" not in caplog.text
