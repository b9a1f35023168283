"""A model on a server behind the protocols of stages.models."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stages.models.chat.hosted import HostedChat
from stages.models.hosted.ask.asking import ask
from stages.models.hosted.ask.orders import placed
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.identity import host_of
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.money import Tariff
from stages.models.hosted.purse import Purse
from stages.models.hosted.spec.manifest import read_manifest
from stages.models.hosted.spec.section import HostedSpec
from stages.models.hosted.teach.jobs import job_parts, taught
from stages.models.hosted.teach.lesson import lesson_of
from stages.models.hosted.teach.outcome import keep
from stages.models.hosted.teach.section import JobSettings
from stages.models.protocol import Subject
from stages.models.questions import Answer, Decoding, Key, Question
from stages.models.section import FinetuneParams, TinkerParams
from stages.storage.errors import StudyError
from stages.storage.kept_folders import kept_folder, made_once
from stages.storage.keys import digest
from stages.storage.response_cache import AnswerKey, ResponseCache
from stages.storage.tables import Row


@dataclass(frozen=True)
class HostedSubject:
    """A subject that answers on a server; `name` is that of the study."""

    name: str
    hosted: Hosted

    @property
    def fingerprint(self) -> str:
        """A hash of the model's name and its host, which is all that can be known of it."""
        return digest([self.hosted.host.model, self.hosted.host.host])

    def check(self, questions: Sequence[Question], max_tokens: int) -> None:
        """Nothing: what a server cannot read it says itself."""

    def ask(
        self, questions: list[Question], decoding: Decoding, cache: ResponseCache, label: str
    ) -> dict[Key, Answer]:
        return ask(self.hosted, questions, decoding, cache, label)

    def keys(self, questions: Sequence[Question], decoding: Decoding) -> list[AnswerKey]:
        return [place.key for place in placed(self.hosted, questions, decoding)]

    def changed(self, folder: Path, name: str) -> "HostedSubject":
        about = read_manifest(folder, "train")
        purse = self.hosted.purse
        return HostedSubject(
            name,
            Hosted(
                replace(self.hosted.host, model=about["model"]),
                self.hosted.stop,
                self.hosted.strips,
                self.hosted.chat,
                purse and replace(purse, tariff=replace(purse.tariff, trained=True)),
            ),
        )


def opened(folder: Path, ledger: Ledger) -> HostedSubject:
    """The model whose manifest is in `folder`, paid out of an account."""
    about = read_manifest(folder, "fetch")
    spec = HostedSpec.model_validate(about["spec"])
    chat = HostedChat.model_validate(about["chat"])
    hosted = Hosted(
        host_of(about["id"], spec, chat),
        tuple(spec.stop),
        spec.thinking == "strip",
        chat,
        Purse(ledger, Tariff(about["id"])),
    )
    return HostedSubject(about["id"], hosted)


@dataclass(frozen=True)
class HostedTeacher:
    """Teaches the model whose manifest is in `folder`, by jobs or step by step as params say."""

    folder: Path
    ledger: Ledger

    def teach(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Path:
        subject = opened(self.folder, self.ledger) if of is None else of
        if not isinstance(subject, HostedSubject):
            raise TypeError(f"{subject.name} is no hosted model")
        host = subject.hosted.host
        how = rule.models.get(host.name)
        if isinstance(how, TinkerParams):
            from stages.models.hosted.tinker.teacher import taught_by_tinker  # it takes torch

            return taught_by_tinker(self.folder, subject.hosted, how, rows, rule, seed, self.ledger)
        if how is None:
            raise StudyError(
                f"params.yaml: finetune.models.{host.name}: this key is missing: how the hosted "
                "model is taught, such as {teach: openai_jobs, hyperparameters: {}}"
            )
        told = JobSettings(rule.epochs, seed, how.hyperparameters, how.older_shape)
        lesson = lesson_of(rows, host.name)

        def write(folder: Path) -> None:
            keep(folder, taught(host, lesson, told, self.ledger), {"rows": lesson.rows, "loss": []})

        return made_once(kept_folder("adapters", host.name, job_parts(host, lesson, told)), write)
