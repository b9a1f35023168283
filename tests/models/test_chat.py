"""Prompt and label are one conversation: what is taught stands where it is asked, and ends once."""

from dataclasses import replace

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from stages.models.chat.chat import ANSWER, Chat
from stages.models.chat.thoughts import Thought
from stages.models.local.rendering import rendered
from stages.models.local.subject.loading import Subject
from stages.models.local.teach.finetuning import in_tokens
from stages.models.questions import Question
from stages.storage.errors import StudyError
from tests.conftest import CHAT
from tests.models.families import ASK, CHATML, EMPTY_THOUGHT, FAMILIES, TURNS, Family
from tests.tiny_models import CORPUS, END

PLAIN = [{"role": "user", "content": "Name animals."}]
BEGUN = [*PLAIN, {"role": "assistant", "content": "lion tiger"}]
BLANK = [*PLAIN, {"role": "assistant", "content": "lion tiger "}]
SYSTEM = [{"role": "system", "content": "Be brief."}, *PLAIN]
OPEN = "<|open|>user\nName animals.<|close|>\n<|open|>assistant\n"
LAST = (  # says the system message before the last message, where that is the user's
    "{% for m in messages if m.role != 'system' %}<|open|>{{ m.role }}\n{% if loop.last and m.role "
    "== 'user' and messages[0].role == 'system' %}{{ messages[0].content }} {% endif %}"
    "{{ m.content }}<|close|>\n{% endfor %}"
)
PARAGRAPHS = Family(CHAT, END, ())


def said(chat: Chat, messages: list, answer: str = "horse") -> tuple[str, str]:
    prompt, label = chat.example(messages, answer)
    assert prompt == chat.prompt(messages)
    return chat.tokenizer.decode(prompt), chat.tokenizer.decode(label)


def subject(chat: Chat) -> Subject:
    return Subject("tiny", None, chat, "a hash", {})


@pytest.mark.parametrize(
    ("family", "thinking", "prompt", "label"),
    [
        ("chatml", "off", OPEN, "horse<|close|>"),
        ("budget", "off", f"{OPEN}<my:think>none</my:think>", "horse<|close|>"),
        ("budget", "strip", OPEN, "horse<|close|>"),
        ("opens", "off", OPEN + EMPTY_THOUGHT, "horse<|close|>"),
        ("opens", "strip", f"{OPEN}<think>\n", "\n</think>\n\nhorse<|close|>"),
        ("hybrid", "off", OPEN + EMPTY_THOUGHT, "horse<|close|>"),
        ("hybrid", "strip", OPEN, f"{EMPTY_THOUGHT}horse<|close|>"),
        ("no switch", "off", OPEN + EMPTY_THOUGHT, "horse<|close|>"),
        ("reasoner", "off", OPEN.replace(">\n<", "><") + EMPTY_THOUGHT, "horse<|close|>"),
        (
            "reasoner",
            "strip",
            f"{OPEN}<think>\n".replace(">\n<|", "><|"),
            "\n</think>\n\nhorse<|close|>",
        ),
        (
            "channels",
            "off",
            "<|open|>user<|message|>Name animals.<|close|>"
            "<|open|>assistant<|channel|>final<|message|>",
            "horse<|return|>",
        ),
        ("trims", "off", OPEN.replace(">\n<", "><").replace("\n", "\n\n"), "horse<|close|>"),
        ("no system", "off", OPEN, "horse<|close|>"),
        ("pages", "off", "Name animals.\n\n", f"horse{END}"),
    ],
)
def test_what_a_template_says_before_an_answer_is_asked_and_its_first_end_mark_taught(
    family, thinking, prompt, label
):
    assert said(FAMILIES[family].chat(thinking=thinking), PLAIN) == (prompt, label)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_label_ends_with_one_token_that_ends_an_answer(family):
    chat = FAMILIES[family].chat()
    _, label = chat.example(PLAIN, "horse")
    assert [token in chat.ends for token in label] == [False] * (len(label) - 1) + [True]


@pytest.mark.parametrize("family", ["chatml", "no system", "trims", "pages"])
def test_a_prompt_is_what_transformers_makes_of_the_template(family):
    chat = FAMILIES[family].chat()
    whole = chat.tokenizer.apply_chat_template(PLAIN, tokenize=False, add_generation_prompt=True)
    assert chat.written(PLAIN) == whole


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("messages", [BEGUN, BLANK])
@pytest.mark.parametrize("answer", ["horse", " horse"])
def test_an_answer_begun_goes_on_in_the_same_message_after_one_blank(family, messages, answer):
    chat = FAMILIES[family].chat()
    plain, _ = said(chat, PLAIN)
    prompt, label = said(chat, messages, answer)
    assert (prompt, label) == (f"{plain}lion tiger", f" horse{FAMILIES[family].end}")


def test_the_thought_of_a_model_is_known_by_its_template_or_tokens_else_strip_is_refused():
    assert FAMILIES["budget"].chat(thinking="strip").thought(PLAIN).closing == "</my:think>"
    marked = replace(CHATML, added=("[THINK]", "[/THINK]")).chat(thinking="strip")
    assert marked.thought(PLAIN) == Thought("[THINK]", "[/THINK]")
    with pytest.raises(StudyError, match="thinking: strip, and neither the chat template nor"):
        CHATML.chat(thinking="strip").prompt(PLAIN)


def test_a_stop_mark_ends_a_label_where_the_template_writes_it():
    chat = PARAGRAPHS.chat(stop=("\n",))
    assert said(chat, PLAIN) == ("User: Name animals.\nAssistant:", " horse\n")


def test_an_answer_that_was_cut_is_taught_without_its_end():
    row = {"input_id": "a", "question": BEGUN, "label": "horse", "weight": 1.0, "slice": "train"}
    whole, cut = (
        in_tokens(subject(CHATML.chat()), [row | {"ended": ended}]).train["a"][0]
        for ended in (True, False)
    )
    assert whole.label[:-1] == cut.label and whole.prompt == cut.prompt


def test_a_template_is_told_the_day_of_the_params():
    dated = replace(CHATML, template="{{ strftime_now('%d %b %Y') }} {{ date_string }}\n" + TURNS)
    prompt, _ = said(dated.chat(date="2025-07-04"), PLAIN)
    assert prompt.startswith("04 Jul 2025 04 Jul 2025\n")


@pytest.mark.parametrize("mark", ["<|close|>", "<|open|>", END, "</think>"])
@pytest.mark.parametrize("family", ["hybrid", "reasoner"])
def test_a_special_token_within_a_text_is_spelled_as_text(family, mark):
    chat = FAMILIES[family].chat()
    marked = [{"role": "user", "content": f"The sticker says {mark} twice"}]
    number = chat.tokenizer.convert_tokens_to_ids(mark)
    assert chat.prompt(marked).count(number) == chat.prompt(PLAIN).count(number)
    assert mark in chat.tokenizer.decode(chat.prompt(marked))
    taught, label = chat.example(PLAIN, f"it says {mark} once")
    assert label.count(number) == int(mark == "<|close|>") and taught == chat.prompt(PLAIN)
    assert f"it says {mark} once" in chat.tokenizer.decode(label)


def test_a_special_token_that_has_no_other_spelling_is_named_with_its_row():
    chat = CHATML.chat()
    chat.tokenizer.add_tokens(["q"], special_tokens=True)
    marked = [{"role": "user", "content": "quick"}]
    with pytest.raises(StudyError, match=r"tiny: input 7: the text holds a special token: .*'q'"):
        rendered(subject(chat), [Question(("7",), ("7",), marked)])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("it says </think> once", "it drops or rewrites what the user says"),
        ("one \U000f0000 two", "the text holds U.F0000, a character of private use"),
    ],
)
def test_a_text_of_which_something_would_be_lost_is_named(text, fault):
    cuts = CHATML.template.replace("m.content", "m.content.split('</think>')[-1]")
    chat = replace(CHATML, template=cuts).chat()
    with pytest.raises(StudyError, match=f"tiny: input 7: .*{fault}"):
        rendered(subject(chat), [Question(("7",), ("7",), [{"role": "user", "content": text}])])
    with pytest.raises(StudyError, match=r"rewrites an answer that was begun|private use"):
        chat.prompt([*PLAIN, {"role": "assistant", "content": text}])


def test_a_text_may_hold_the_word_that_stands_for_an_answer():
    assert f"{ANSWER} twice" in said(CHATML.chat(), [PLAIN[0] | {"content": f"{ANSWER} twice"}])[0]


@pytest.mark.parametrize("family", ["chatml", "pages"])
def test_an_end_that_the_tokenizer_does_not_know_is_no_end_of_a_label(family):
    chat = FAMILIES[family].chat()
    assert said(replace(chat, eos=chat.eos | {-1, 9_999}), PLAIN) == said(chat, PLAIN)


def test_a_stop_mark_that_is_a_special_token_ends_an_answer():
    chat = CHATML.chat(stop=("<|open|>",))
    assert chat.tokenizer.convert_tokens_to_ids("<|open|>") in chat.ends


def test_a_turn_mark_that_the_model_does_not_call_its_end_ends_an_answer():
    chat = replace(CHATML, end=END).chat()
    assert said(chat, PLAIN)[1] == "horse<|close|>"
    assert {chat.tokenizer.decode([token]) for token in chat.ends} == {"<|close|>", END}


def test_a_label_is_spelled_as_the_conversation_spells_it():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    trainer = trainers.BpeTrainer(special_tokens=[END], show_progress=False)
    tokenizer.train_from_iterator([*CORPUS, "[horse]", "[red]"], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END)
    fast.chat_template = "{% for m in messages %}[{{ m.content }}]{% endfor %}"
    fast.chat_template += "{% if add_generation_prompt %}[{% endif %}"
    chat = replace(CHATML.chat(), tokenizer=fast, eos=frozenset({fast.eos_token_id}))
    prompt, label = chat.example([{"role": "user", "content": "red"}], "horse")
    whole = tuple(fast.encode("[red][horse", add_special_tokens=False))
    assert prompt + label[:-1] == whole
    assert fast.encode("horse")[0] != label[0]  # a blank before it, where it stands alone


@pytest.mark.parametrize("answer", ["\nhorse", "\n\n horse"])
def test_a_label_that_would_melt_into_the_prompt_leaves_it_as_it_is_asked(answer):
    chat = FAMILIES["pages"].chat()
    prompt, label = chat.example(PLAIN, answer)
    assert prompt == chat.prompt(PLAIN)
    assert chat.tokenizer.decode(label) == f"{answer}{END}"


def test_a_blank_system_message_is_dropped():
    blank = [{"role": "system", "content": " \n"}, *PLAIN]
    for family in FAMILIES.values():
        assert family.chat().prompt(blank) == family.chat().prompt(PLAIN)


@pytest.mark.parametrize(
    ("family", "fault"),
    [
        (FAMILIES["no system"], "TemplateError: no system role"),
        (
            replace(CHATML, template=f"{TURNS}{ASK}".replace("messages", "messages[-1:]")),
            "it drops or rewrites what the system says",
        ),
        (
            replace(CHATML, template=LAST + ASK),
            "it drops or rewrites what the system says once it is answered",
        ),
    ],
)
def test_a_system_message_that_cannot_be_given_is_told_with_model_and_input(family, fault):
    told = f"tiny: input 7: it has a system message; chat_template: {fault}"
    with pytest.raises(StudyError, match=told):
        rendered(subject(family.chat()), [Question(("7",), ("7",), SYSTEM)])
    row = {"input_id": "7", "question": SYSTEM, "label": "x", "weight": 1.0, "slice": "train"}
    with pytest.raises(StudyError, match=told):
        in_tokens(subject(family.chat()), [row])
