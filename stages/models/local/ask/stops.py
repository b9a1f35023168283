"""Stop marks: texts that end an answer where they come up in it."""

from collections.abc import Sequence

from stages.models.local.subject.loading import Subject


class Stops:
    """The stop marks of one model.

    They are looked for in an answer without its special tokens; those that hold a special token
    beside other text in the answer with them.
    """

    def __init__(self, subject: Subject) -> None:
        self.tokenizer, self.marks = subject.tokenizer, subject.chat.speech.stop
        added = self.tokenizer.added_tokens_decoder.values() if self.marks else ()
        special = {token.content for token in added if token.special}
        self.holding = [
            mark
            for mark in self.marks
            if mark not in special and any(token in mark for token in special)
        ]

    def __bool__(self) -> bool:
        return bool(self.marks)

    def text(self, tokens: list[int]) -> str:
        """What an answer says, without special tokens and blanks before it."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True)).lstrip()

    def cut(self, text: str, tokens: list[int]) -> str | None:
        """The answer of `text` and `tokens` before its first stop mark; None without one."""
        found = [text[:at] for mark in self.marks if (at := text.find(mark)) >= 0]
        if self.holding:
            written = self.tokenizer.decode(tokens)
            places = [at for mark in self.holding if (at := written.find(mark)) >= 0]
            found += [self._before(at, written, tokens) for at in places]
        return min(found, key=len, default=None)

    def settled(self, text: str, tokens: list[int]) -> str:
        """The answer without an end that may begin a stop mark, which would take it away."""
        settled = before_stop_mark(text, self.marks)
        if not self.holding:
            return settled
        written = self.tokenizer.decode(tokens)
        at = len(before_stop_mark(written, self.holding))
        return min(settled, self._before(at, written, tokens), key=len)

    def _before(self, at: int, written: str, tokens: list[int]) -> str:
        """The answer up to a place of what is written, special tokens too."""
        whole = next(
            n for n in range(len(tokens), -1, -1) if len(self.tokenizer.decode(tokens[:n])) <= at
        )
        rest = written[len(self.tokenizer.decode(tokens[:whole])) : at]
        plain = str(self.tokenizer.decode(tokens[:whole], skip_special_tokens=True))
        return f"{plain}{rest}".lstrip()


def before_stop_mark(text: str, stop: Sequence[str]) -> str:
    """The text without an end that may begin a stop mark, which would take it away."""
    openings = [n for mark in stop for n in range(1, len(mark)) if text.endswith(mark[:n])]
    return text[: len(text) - max(openings, default=0)]
