"""What is tried of a model's conversations before it is taken: what cannot be said is told now."""

from pathlib import Path

from stages.models.chat import Message
from stages.models.chat.chat import TEXT, Chat, Speech
from stages.models.chat.guarded import Guarded
from stages.models.chat.loading import load_chat
from stages.storage.errors import StudyError

USER = {"role": "user", "content": f"Say {TEXT}."}
BEGUN = {"role": "assistant", "content": "One, two,"}
BLANK = {"role": "assistant", "content": "One, two, "}


def try_chat(folder: Path, speech: Speech) -> str | None:
    """Ask and teach plain, begun and finished conversations of the model in `folder`.

    Raises StudyError that says what cannot be asked or taught. Returns why the template takes no
    system message, None where it does: that is refused where a task has one.
    """
    tokenizer = load_chat(folder, speech).tokenizer
    with Guarded(tokenizer.chat_template, tokenizer.special_tokens_map, speech.date) as guarded:
        chat = load_chat(folder, speech, guarded)
        for messages in ([USER], [USER, BEGUN], [USER, BLANK]):
            _try(chat, messages)
        return chat.system_fault


def _try(chat: Chat, messages: list[Message]) -> None:
    if TEXT not in chat.written(messages):
        raise StudyError("chat_template: it drops or rewrites what the user says")
    chat.example(messages, "red")
