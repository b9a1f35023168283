"""Rows of a dataset as the file that a finetuning job is given."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from stages.models.hosted.money import Tokens, estimated_tokens
from stages.storage.errors import StudyError
from stages.study.datasets import Row, chat_line

AS_LABELS = (
    "{model}: {rows} of its own answers are rehearsed as labels: a server has no distributions to "
    "distill"
)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lesson:
    """JSON lines in the chat format, and about how many tokens they have."""

    lines: bytes
    rows: int
    tokens: int

    @property
    def content(self) -> str:
        return sha256(self.lines).hexdigest()

    def taught(self, epochs: int) -> Tokens:
        """About what a job on it takes."""
        return Tokens(trained=epochs * self.tokens)


def lesson_of(rows: Iterable[Row], model: str) -> Lesson:
    """The rows of slice train, as they come; StudyError where there is none.

    A job knows no weights, and teaches of each answer that it ends where the row ends. It teaches
    labels, those of what is to be distilled too. Lines say how many rows that changes.
    """
    lines, tokens, weighted, cut, distilled = [], 0, 0, 0, 0
    for row in rows:
        if row["slice"] != "train":
            continue
        answer = {"role": "assistant", "content": row["label"]}
        lines.append(chat_line(row))
        tokens += estimated_tokens([*row["question"], answer])
        weighted += row["weight"] != 1
        cut += not row.get("ended", True)
        distilled += row.get("distill", False)
    if not lines:
        raise StudyError(f"finetune.models.{model}: no rows of slice train, nothing to train on")
    if weighted:
        log.warning(f"{model}: {weighted} rows have weights, which jobs do not know: all count 1")
    if cut:
        log.warning(
            f"{model}: {cut} of {len(lines)} answers were cut, as all that is asked of them was "
            "decided; a job teaches that they end there"
        )
    if distilled:
        log.warning(AS_LABELS.format(model=model, rows=distilled))
    return Lesson("".join(lines).encode(), len(lines), tokens)
