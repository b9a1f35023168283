"""What a stage knows of a model: a subject that is asked, and a teacher that trains one.

Where a subject runs, in this process or on a server, is behind these two.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from stages.models.plan import Plan
from stages.models.questions import Answer, Decoding, Key, Question
from stages.models.section import FinetuneParams
from stages.storage.response_cache import AnswerKey, ResponseCache
from stages.storage.tables import Row


class Subject(Protocol):
    """A model that can be asked: M, or what training made of it."""

    @property
    def name(self) -> str:
        """Of the model in params.yaml, or <adapter>/seed-N of a trained one."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of what decides its answers, beside what it is asked and how."""
        ...

    def check(self, questions: Sequence[Question], max_tokens: int) -> None:
        """StudyError that names the first question that cannot be asked, with an answer so long."""
        ...

    def ask(
        self, questions: list[Question], decoding: Decoding, cache: ResponseCache, label: str
    ) -> dict[Key, Answer]:
        """Answers by the questions' keys; only what the cache lacks is asked."""
        ...

    def announce(
        self, questions: list[Question], decoding: Decoding, cache: ResponseCache, label: str
    ) -> None:
        """Told of all that a stage will ask, before its first question.

        Who is asked in batches answers it now, in one; the others when they are asked.
        """
        ...

    def keys(self, questions: Sequence[Question], decoding: Decoding) -> list[AnswerKey]:
        """The keys of the questions' answers in the cache."""
        ...

    def kept(
        self, questions: Sequence[Question], decoding: Decoding, cache: ResponseCache
    ) -> dict[Key, Answer]:
        """The answers that the cache has, by the questions' keys."""
        ...

    def plan(
        self, questions: Sequence[Question], decoding: Decoding, kept: Collection[Key]
    ) -> Plan:
        """What it takes to ask for all answers but those that are kept; nothing is asked."""
        ...

    def embedded(self, questions: Sequence[Question]) -> dict[Key, list[float]]:
        """The mean last hidden state on each question, by its key; none where there are none.

        So it is of a model on a server, which tells no hidden states.
        """
        ...

    def changed(self, folder: Path, name: str) -> "Subject":
        """What a teacher made of it, by the folder that it gave; this one is used up."""
        ...


class Teacher(Protocol):
    """Trains a model on rows of a dataset."""

    def estimate(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Plan:
        """What it takes to teach `rows`; nothing is sent or trained."""
        ...

    def teach(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Path:
        """A folder with what a subject that was taught `rows` is made of.

        Rows have input_id, question, label, weight and slice; those with `ended` False teach how
        an answer begins and not that it ends there. `rehearsed` ones are the model's own answers;
        with `distill` True not the label is taught but what the model says at its tokens, where a
        teacher can have that. The base is taught by `rule`, or `of`, which is then used up. What
        was taught once is not taught again. `rule` is that `of` the model (FinetuneParams.of).
        """
        ...
