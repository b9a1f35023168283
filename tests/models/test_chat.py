"""An answer that was begun goes on in the same message; one that was cut teaches no end."""

from dataclasses import replace

import pytest

from stages.models.chat.chat import Chat, Speech
from stages.models.local.subject.loading import without_weights
from stages.models.local.teach.finetuning import in_tokens
from tests.conftest import CHAT
from tests.tiny_models import END, describe, make_tiny_model, make_tiny_tokenizer

PLAIN = [{"role": "user", "content": "Name animals."}]
BEGUN = [*PLAIN, {"role": "assistant", "content": "lion tiger"}]
BLANK = [*PLAIN, {"role": "assistant", "content": "lion tiger "}]


def chatting(template: str = CHAT, **speech: object) -> Chat:
    tokenizer = make_tiny_tokenizer()
    tokenizer.chat_template = template
    said = replace(Speech(("\n",), "off", "2026-01-01"), **speech)
    return Chat(tokenizer, said, frozenset({tokenizer.eos_token_id}))


def said(chat: Chat, messages: list, answer: str) -> tuple[str, str]:
    prompt, label = chat.example(messages, answer)
    return chat.tokenizer.decode(prompt), chat.tokenizer.decode(label)


@pytest.mark.parametrize("messages", [BEGUN, BLANK])
@pytest.mark.parametrize("answer", ["horse", " horse"])
def test_an_answer_begun_goes_on_in_the_same_message_after_one_blank(messages, answer):
    prompt, label = said(chatting(), messages, answer)
    assert prompt == "User: Name animals.\nAssistant: lion tiger"
    assert label == " horse\n"


def test_a_plain_answer_opens_its_own_message():
    assert said(chatting(), PLAIN, "horse") == ("User: Name animals.\nAssistant:", " horse\n")


def test_without_a_mark_in_the_template_the_tokenizer_ends_the_answer():
    chat = chatting("{% for m in messages %}{{ m.content }} {% endfor %}", stop=())
    assert said(chat, BEGUN, "horse")[1] == " horse" + END


def test_an_answer_that_was_cut_is_taught_without_its_end(tmp_path):
    subject = without_weights(describe(make_tiny_model(tmp_path), "tiny", stop=["\n"]))
    subject.tokenizer.chat_template = CHAT
    row = {"input_id": "a", "question": BEGUN, "label": "horse", "weight": 1.0, "slice": "train"}
    whole, cut = (
        in_tokens(subject, [row | {"ended": ended}]).train["a"][0] for ended in (True, False)
    )
    assert subject.tokenizer.decode(whole.label) == " horse\n"
    assert subject.tokenizer.decode(cut.label) == " horse"
    assert whole.prompt == cut.prompt
