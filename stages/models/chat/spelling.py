"""Text as token ids: the template's marks as special tokens, the same marks in a text as text."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stages.storage.errors import StudyError

MARKED = re.compile("[\U000f0000\U000f0001]")  # what transformers puts around a mark in a text


@dataclass(frozen=True)
class Spelling:
    """How a tokenizer spells conversations by a template."""

    tokenizer: Any
    template: str

    @cached_property
    def controls(self) -> dict[str, int]:
        """The tokens that mean something beside their letters, by text.

        Special ones, and added ones that the template writes. Blanks of their own (Gemma's) are
        letters as others are.
        """
        return {
            token.content: number
            for number, token in self.tokenizer.added_tokens_decoder.items()
            if token.special or (token.content in self.template and not token.content.isspace())
        }

    def text(self, number: int) -> str:
        """What a token id says; nothing where the tokenizer does not know it."""
        return str(self.tokenizer.decode([number])) if number >= 0 else ""

    def as_text(self, text: str) -> str:
        """The text with each of these marked, so that `ids` spells it letter by letter.

        Raises StudyError for a text that holds what they are marked with.
        """
        from transformers.utils.chat_template_utils import mark_control_tokens

        if found := MARKED.search(text):
            raise StudyError(
                f"the text holds U+{ord(found[0]):X}, a character of private use that would be "
                "taken out of it; all others are allowed"
            )

        return str(mark_control_tokens(text, self._pattern))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.controls, key=len, reverse=True)
        if not longest_first:
            return re.compile("(?!)")
        # Gemma has 6,000 of them: only where a text has their first character are they looked for.
        first = "".join(re.escape(one) for one in sorted({mark[0] for mark in longest_first}))
        return re.compile(f"(?=[{first}])(?:{'|'.join(map(re.escape, longest_first))})")

    def ids(self, text: str, *, start: bool = False) -> list[int]:
        """Token ids; `start` adds the beginning-of-sequence token where the model has one.

        Raises StudyError where the tokenizer has no other spelling of a special token.
        """
        ids = self._spelled(text)
        bos = self.tokenizer.bos_token_id
        return [bos, *ids] if start and self._begins and ids[:1] != [bos] else ids

    def _spelled(self, text: str) -> list[int]:
        if not MARKED.search(text):
            return list(self.tokenizer.encode(text, add_special_tokens=False))
        try:
            marked = self.tokenizer(text, add_special_tokens=False, sanitize_control_tokens=True)
        except ValueError as error:
            raise StudyError(f"the text holds a special token: {error}") from error
        return list(marked["input_ids"])

    @cached_property
    def _begins(self) -> bool:
        bos = self.tokenizer.bos_token_id
        opening = self.tokenizer.encode("", add_special_tokens=True)[:1]
        return bos is not None and opening == [bos]

    def after(self, prompt: str, text: str) -> tuple[int, ...]:
        """The ids of `text` as it goes on after `prompt`, whose own ids stay as they are.

        Both are spelled as one text. Where a token of that would reach over the border (a text
        that begins with a line break, mostly) the prompt is what was asked, so `text` is spelled
        as behind a line of its own.
        """
        for before in (prompt, "\n", "."):
            known = self.ids(before)
            whole = self.ids(before + text)
            if whole[: len(known)] == known:
                return tuple(whole[len(known) :])
        return tuple(self.ids(text))
