"""Chat messages as the exact tokens that a model reads and should answer with."""

from typing import Any

Message = dict[str, str]


def render_prompt(tokenizer: Any, messages: list[Message]) -> str:
    """The text up to where the answer begins; a last assistant message is an answer begun."""
    if messages[-1]["role"] != "assistant":
        return _render(tokenizer, messages, add_generation_prompt=True)
    opening = render_prompt(tokenizer, messages[:-1])
    whole = _render(tokenizer, messages, add_generation_prompt=False)
    begun = messages[-1]["content"]
    return whole[: whole.index(begun, len(opening)) + len(begun)]


def render_answer(tokenizer: Any, messages: list[Message], answer: str, stop: list[str]) -> str:
    """What follows the prompt when `answer` is given, to its end mark inclusive.

    Found by rendering the finished conversation, so that spaces and end mark are the
    template's own; an answer that was begun goes on after a blank. Raises ValueError where the
    template rewrites the prompt.
    """
    prompt = render_prompt(tokenizer, messages)
    finished = [*messages, {"role": "assistant", "content": answer}]
    if messages[-1]["role"] == "assistant":
        begun = messages[-1]["content"]
        blank = "" if begun[-1:].isspace() or answer[:1].isspace() else " "
        finished[-2:] = [{"role": "assistant", "content": f"{begun}{blank}{answer}"}]
    whole = _render(tokenizer, finished, add_generation_prompt=False)
    if not whole.startswith(prompt):
        raise ValueError(
            "chat_template: a finished conversation does not begin with its own prompt; "
            "the part after add_generation_prompt must open an assistant message as it is written"
        )
    text = whole[len(prompt) :]
    after = text.index(answer) + len(answer)
    ends = [
        at + len(mark)
        for mark in (*stop, tokenizer.eos_token)
        if mark and (at := text.find(mark, after)) >= 0
    ]
    return text[: min(ends)] if ends else text + (tokenizer.eos_token or "")


def encode(tokenizer: Any, text: str, *, start: bool) -> list[int]:
    """Token ids; `start` adds the beginning-of-sequence token where the model has one."""
    ids = tokenizer.encode(text, add_special_tokens=False)
    bos = tokenizer.bos_token_id
    opens = bos is not None and tokenizer.encode("", add_special_tokens=True)[:1] == [bos]
    return [bos, *ids] if start and opens and ids[:1] != [bos] else ids


def _render(tokenizer: Any, messages: list[Message], *, add_generation_prompt: bool) -> str:
    return tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=add_generation_prompt
    )
