"""What is tried of a model's conversations before it is taken: what cannot be said is told now."""

import re
from pathlib import Path

from stages.models.chat import Message
from stages.models.chat.chat import TEXT, Chat, Speech
from stages.models.chat.guarded import Guarded
from stages.models.chat.loading import load_chat
from stages.storage.errors import StudyError

USER = {"role": "user", "content": f"Say {TEXT}."}
BEGUN = {"role": "assistant", "content": f"One, {TEXT} Two,"}
BLANK = {"role": "assistant", "content": f"One, {TEXT} Two, "}
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # of a function in memory, another one in each run


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
    if found := ADDRESS.search(chat.written(messages)):
        raise StudyError(
            f"chat_template: it writes an address in memory ({found[0].strip()}), so no prompt "
            "would be the same"
        )
    chat.example(messages, "red")
