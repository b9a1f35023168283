"""An answer that was begun goes on in the same message; one that was cut teaches no end."""

import pytest

from stages.models.chat import encode, render_answer, render_prompt
from stages.models.local.subject.loading import load_base
from stages.models.local.teach.finetuning import in_tokens
from tests.conftest import CHAT
from tests.tiny_models import END, describe, make_tiny_model

PLAIN = [{"role": "user", "content": "Name animals."}]
BEGUN = [*PLAIN, {"role": "assistant", "content": "lion tiger"}]


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    folder = describe(make_tiny_model(tmp_path_factory.mktemp("model")), "tiny", stop=["\n"])
    subject = load_base(folder)
    subject.tokenizer.chat_template = CHAT
    return subject


def test_an_answer_begun_goes_on_in_the_same_message(subject):
    prompt = render_prompt(subject.tokenizer, BEGUN)
    assert prompt == "User: Name animals.\nAssistant: lion tiger"
    assert render_answer(subject.tokenizer, BEGUN, "horse", ["\n"]) == " horse\n"
    assert render_answer(subject.tokenizer, BEGUN, " horse", ["\n"]) == " horse\n"


def test_no_blank_is_added_where_the_beginning_has_one(subject):
    begun = [*PLAIN, {"role": "assistant", "content": "lion "}]
    assert render_answer(subject.tokenizer, begun, "horse", ["\n"]) == "horse\n"


def test_a_plain_answer_opens_its_own_message(subject):
    assert render_answer(subject.tokenizer, PLAIN, "horse", ["\n"]) == " horse\n"


def test_without_a_mark_in_the_template_the_tokenizer_ends_the_answer(subject):
    template = "{% for m in messages %}{{ m.content }} {% endfor %}"
    subject.tokenizer.chat_template, before = template, subject.tokenizer.chat_template
    try:
        assert render_answer(subject.tokenizer, BEGUN, "horse", []) == " horse " + END
    finally:
        subject.tokenizer.chat_template = before


def test_an_answer_that_was_cut_is_taught_without_its_end(subject):
    row = {"input_id": "a", "question": BEGUN, "label": "horse", "weight": 1.0, "slice": "train"}
    whole, cut = (
        in_tokens(subject, [row | {"ended": ended}]).train["a"][0] for ended in (True, False)
    )
    assert whole.label == tuple(encode(subject.tokenizer, " horse\n", start=False))
    assert cut.label == tuple(encode(subject.tokenizer, " horse", start=False))
    assert whole.prompt == cut.prompt
