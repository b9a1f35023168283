"""fetch_model tries a template once, in a process with limits; what cannot be said is refused."""

import pytest

from stages.models.chat.chat import Chat, Speech
from stages.models.chat.frame import opening
from stages.models.chat.thoughts import Thought
from stages.models.chat.trial import BEGUN, USER, _try, try_chat
from stages.storage.errors import StudyError
from tests.models.families import ASK, EMPTY_THOUGHT, FAMILIES, TURNS, Family
from tests.tiny_models import END, make_tiny_tokenizer

SAID = "{% for m in messages %}{{ m.content }}\n{% endfor %}"


def tried(template: str, tmp_path) -> str | None:
    Family(template, END, ()).tokenizer().save_pretrained(tmp_path)
    return try_chat(tmp_path, Speech((), "off", "2026-01-01"))


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        (
            "{% for a in range(9**5) %}{% for b in range(9**5) %}{% endfor %}{% endfor %}" + SAID,
            "it takes more than 2 seconds",
        ),
        ("{{ 7 ** (7 ** 77) }}" + SAID, "it takes more than 2 seconds"),
        ("{{ 'm' * 9**12 }}" + SAID, "it takes more than 2 GiB"),
    ],
)
def test_a_template_without_end_is_refused_by_its_limits(template, fault, tmp_path):
    with pytest.raises(StudyError, match=f"chat_template: {fault}"):
        tried(template, tmp_path)


def test_what_takes_no_system_message_is_taken_and_told(tmp_path):
    assert tried(SAID, tmp_path) is None
    refuses = "{% if messages[0].role == 'system' %}{{ raise_exception('none') }}{% endif %}"
    assert tried(refuses + SAID, tmp_path) == "chat_template: TemplateError: none"


@pytest.mark.parametrize(
    ("template", "fault"),
    {
        "no text": ("", "drops or rewrites the answer"),
        "a constant": ("hello", "drops or rewrites the answer"),
        "a half": ("{% for m in messages %}", "TemplateSyntaxError"),
        "the user alone": ("{{ messages[0].content }}\n", "drops or rewrites the answer"),
        "upper case": (SAID.replace("content", "content | upper"), "drops or rewrites the answer"),
        "cut": (SAID.replace("content", "content[:4]"), "drops or rewrites the answer"),
        "twice": (SAID + SAID, "repeats the answer"),
        "backwards": (SAID.replace("messages", "messages | reverse"), "says once it is answered"),
        "an answer alone": (
            "{{ messages[-1].content }}\n",
            "what the user says once it is answered",
        ),
        "another opening": (TURNS + ASK.replace("assistant", "model"), "not begin with its own"),
        "chance": ("{{ [1, 2] | random }}" + SAID, "it draws by chance"),
        "a function": ("{{ raise_exception }}" + SAID, "it writes an address in memory"),
        "private": ("{{ messages.__class__.__mro__ }}" + SAID, "SecurityError"),
        "globals": ("{{ cycler.__init__.__globals__ }}" + SAID, "SecurityError"),
        "a format": ("{{ '{0.__init__.__globals__}'.format(cycler) }}" + SAID, "SecurityError"),
        "a change": ("{% set x = messages.append(1) %}" + SAID, "SecurityError"),
        "a file": ("{% include '/etc/hostname' %}" + SAID, "no loader"),
        "an import": ("{% import '/etc/hostname' as x %}" + SAID, "no loader"),
        "a fault": ("{{ raise_exception('not\nfor you') }}", "TemplateError: not for you"),
        "itself": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}" + SAID, "RecursionError"),
        "a large range": ("{% for x in range(9**9) %}{% endfor %}" + SAID, "OverflowError"),
    }.values(),
)
def test_a_template_that_says_no_conversation_is_refused_in_a_line(template, fault):
    with pytest.raises(StudyError, match=f"^chat_template: .*{fault}") as told:
        _try(Family(template, END, ()).chat(), [USER])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "rewritten",
    ["truncate(60)", "e", "tojson", "replace('.', '')", "replace('\n', ' ')"],
)
def test_a_template_that_rewrites_some_texts_is_refused(rewritten):
    for role in ("user", "assistant"):
        said = "{{ m.content | " + rewritten + " if m.role == '" + role + "' else m.content }}"
        chat = Family(SAID.replace("{{ m.content }}", said), END, ()).chat()
        with pytest.raises(StudyError, match="rewrites"):
            _try(chat, [USER, BEGUN])


def test_what_the_user_says_must_be_in_the_prompt(tmp_path):
    template = "{% for m in messages %}{% if m.role != 'user' %}{{ m.content }}{% endif %}\n"
    with pytest.raises(StudyError, match="drops or rewrites what the user says"):
        tried(template + "{% endfor %}", tmp_path)


def test_a_model_that_nothing_ends_is_refused():
    tokenizer = make_tiny_tokenizer()
    tokenizer.chat_template = SAID
    speech = Speech((), "off", "2026-01-01")
    with pytest.raises(StudyError, match="nothing ends an answer"):
        Chat(tokenizer, speech, frozenset()).example([USER], "red")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_passes_the_trial_of_its_texts(family):
    chat = FAMILIES[family].chat()
    assert "Xk4Text4kX" in chat.written([USER])
    assert (chat.system_fault is None) == (family != "no system")


@pytest.mark.parametrize(
    ("prompt", "finished", "taught", "thought"),
    [
        ("A", "A", "A", ("<think>", "</think>", False)),
        ("A:", "A: ", "A: ", ("<think>", "</think>", False)),
        ("A<think>", "A", "A<think></think>", ("<think>", "</think>", True)),
        ("A<think>\n", "A", "A<think>\n\n</think>\n\n", ("<think>", "</think>", True)),
        ("A[THINK]", "A", "A[THINK][/THINK]", ("[THINK]", "[/THINK]", True)),
        ("A◁think▷", "A", "A◁think▷◁/think▷", ("◁think▷", "◁/think▷", True)),
        ("A<think></think>", "A", "A<think></think>", ("<think>", "</think>", False)),
        ("A", "A</think>", "A</think>", ("<think>", "</think>", False)),
        ("A<think>\n", f"A{EMPTY_THOUGHT}", f"A{EMPTY_THOUGHT}", ("<think>", "</think>", True)),
        ("A<think>\n\n", f"A{EMPTY_THOUGHT}", f"A{EMPTY_THOUGHT}", ("<think>", "</think>", True)),
        (
            "A<b:think>\n",
            "A<b:think></b:think>",
            "A<b:think>\n</b:think>",
            ("<b:think>", "</b:think>", True),
        ),
        ("A", "A to=user<|m|>", "A to=user<|m|>", ("to=", "to=user<|m|>", False)),
        ("A", "A<|c|>f<|m|>", "A<|c|>f<|m|>", ("<|c|>", "<|c|>f<|m|>", False)),
        ("A", "A<|c>thought\n<c|>", "A<|c>thought\n<c|>", ("<|c>", "<c|>", False)),
        ("A<|c>thought\n", "A", "A<|c>thought\n\n<c|>\n\n", ("<|c>thought", "<c|>", True)),
    ],
)
def test_a_thought_of_no_words_stands_before_an_answer(prompt, finished, taught, thought):
    found = opening(prompt, finished, Thought("<think>", "</think>"))
    assert found.taught == taught
    assert (found.thought.opening, found.thought.closing, found.thought.opened) == thought
