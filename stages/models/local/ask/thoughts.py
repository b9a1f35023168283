"""What a model thinks before its answer, taken off before anything reads the answer."""

from typing import Any

from stages.models.chat.thoughts import Thought


class Thinking:
    """Where in an answer that grows, token by token, its thought ends."""

    def __init__(self, thought: Thought | None, tokenizer: Any) -> None:
        """Without a thought all tokens are the answer's."""
        self.thought, self.tokenizer = thought, tokenizer
        self.begins: int | None = None if thought else 0  # the answer, after its last thought

    def ended(self, tokens: list[int]) -> bool:
        """Whether the answer has begun, asked after each token.

        Before a thought could be told from an answer it has not.
        """
        if self.thought is None:
            return True
        # A mark has no more tokens than bytes, so its end is found without reading all again.
        reach = len(self.thought.closing.encode())
        if self.tokenizer.decode(tokens[-reach:]).rstrip().endswith(self.thought.closing):
            self.begins = len(tokens)
        elif self.begins is None and not self.thought.opened and tokens:
            mark = self.thought.opening
            said = self.tokenizer.decode(tokens[: len(mark.encode()) + 4]).lstrip()
            if not said.startswith(mark) and not mark.startswith(said):
                self.begins = 0
        return self.begins is not None

    def taken_off(self, tokens: list[int]) -> list[int]:
        """The tokens after the thought; none where that has not ended."""
        return [] if self.begins is None else tokens[self.begins :]
