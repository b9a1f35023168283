"""A model in this process behind the protocols of stages.models."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from stages.models.local.ask.asking import ask, check_questions
from stages.models.local.embedding import embedded
from stages.models.local.keys import adapter_parts, answer_key
from stages.models.local.rendering import rendered
from stages.models.local.subject import loading
from stages.models.local.teach.finetuning import finetuned, in_tokens
from stages.models.local.teach.settings import settings
from stages.models.plan import Plan, training_plan
from stages.models.protocol import Subject
from stages.models.questions import Answer, Decoding, Key, Question
from stages.models.section import FinetuneParams
from stages.storage.response_cache import AnswerKey, ResponseCache
from stages.storage.tables import Row


@dataclass(frozen=True)
class LocalSubject:
    """A subject whose weights are in memory; without them it has no more than its keys."""

    loaded: loading.Subject

    @property
    def name(self) -> str:
        return self.loaded.name

    @property
    def fingerprint(self) -> str:
        return self.loaded.fingerprint

    def check(self, questions: Sequence[Question], max_tokens: int) -> None:
        check_questions(self.loaded, questions, max_tokens)

    def ask(
        self, questions: list[Question], decoding: Decoding, cache: ResponseCache, label: str
    ) -> dict[Key, Answer]:
        return ask(self.loaded, questions, decoding, cache, label)

    def announce(
        self, questions: list[Question], decoding: Decoding, cache: ResponseCache, label: str
    ) -> None:
        """Nothing: questions are asked as they come."""

    def keys(self, questions: Sequence[Question], decoding: Decoding) -> list[AnswerKey]:
        branches = rendered(self.loaded, list(questions))
        return [
            answer_key(self.loaded, branch, decoding, question.until)
            for question, branch in zip(questions, branches, strict=True)
        ]

    def kept(
        self, questions: Sequence[Question], decoding: Decoding, cache: ResponseCache
    ) -> dict[Key, Answer]:
        keys = self.keys(questions, decoding)
        stored = cache.get(keys)
        return {
            question.key: Answer(**stored[key.content])
            for question, key in zip(questions, keys, strict=True)
            if key.content in stored
        }

    def plan(
        self, questions: Sequence[Question], decoding: Decoding, kept: Collection[Key]
    ) -> Plan:
        there = sum(question.key in kept for question in questions)
        return Plan(self.name, answers=len(questions), kept=there)

    def embedded(self, questions: Sequence[Question]) -> dict[Key, list[float]]:
        branches = rendered(self.loaded, questions)
        values = embedded(self.loaded, [branch.tokens for branch in branches])
        keys = [branch.key for branch in branches]
        return dict(zip(keys, values, strict=True)) if values else {}

    def changed(self, folder: Path, name: str) -> "LocalSubject":
        """The subject with the adapter of `folder`, under another name; this one is used up."""
        if self.loaded.model is None:
            return LocalSubject(loading.adapted(self.loaded, folder, name))
        return LocalSubject(loading.with_adapter(self.loaded, folder, name))


@dataclass(frozen=True)
class LoraTeacher:
    """Trains LoRA adapters of the model that fetch_model wrote to `folder`."""

    folder: Path

    def estimate(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Plan:
        base = of.loaded if isinstance(of, LocalSubject) else None
        subject = base or loading.without_weights(self.folder)
        lesson = in_tokens(subject, rows)
        parts = adapter_parts(subject, lesson.content, asdict(settings(rule, seed)))
        return training_plan(subject.name, parts, sum(map(len, lesson.train.values())))

    def teach(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Path:
        if of is not None and not isinstance(of, LocalSubject):
            raise TypeError(f"{of.name} is no local model")
        subject = of.loaded if of else loading.load_base(self.folder)
        return finetuned(subject, rows, settings(rule, seed))
