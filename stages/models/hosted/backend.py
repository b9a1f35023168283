"""A model on a server behind the protocols of stages.models."""

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from stages.models.chat.hosted import HostedChat
from stages.models.hosted.ask.asking import ask, kept_answers
from stages.models.hosted.ask.begun import beginning
from stages.models.hosted.ask.orders import placed
from stages.models.hosted.ask.plan import asking_plan
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.identity import Host, host_of
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limiter import Limiter
from stages.models.hosted.probe.kept import keep, recall
from stages.models.hosted.probe.orders import probe_requests
from stages.models.hosted.probe.probing import know
from stages.models.hosted.purse import Purse
from stages.models.hosted.spec.manifest import read_manifest
from stages.models.hosted.spec.section import HostedSpec
from stages.models.hosted.teach.jobs import job_parts, taught
from stages.models.hosted.teach.lesson import Lesson, lesson_of
from stages.models.hosted.teach.outcome import keep_taught
from stages.models.hosted.teach.section import JobSettings
from stages.models.plan import Plan, Tariff, training_plan
from stages.models.protocol import Subject
from stages.models.questions import Answer, Decoding, Key, Question
from stages.models.section import FinetuneParams, JobsParams
from stages.storage.errors import StudyError
from stages.storage.kept_folders import kept_folder, made_once
from stages.storage.keys import digest
from stages.storage.response_cache import AnswerKey, ResponseCache
from stages.storage.tables import Row

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HostedSubject:
    """A subject that answers on a server; `name` is that of the study.

    `base` is what training made it of: what the server can is found out by asking that.
    """

    name: str
    hosted: Hosted
    base: Hosted | None = None

    @property
    def fingerprint(self) -> str:
        """A hash of the model's name and its host, which is all that can be known of it."""
        return digest([self.hosted.host.model, self.hosted.host.host])

    def check(self, questions: Sequence[Question], max_tokens: int) -> None:
        """Nothing: what a server cannot read it says itself."""

    def ask(
        self, questions: list[Question], decoding: Decoding, cache: ResponseCache, label: str
    ) -> dict[Key, Answer]:
        with self._known(questions, decoding, cache, label):
            return ask(self.hosted, questions, decoding, cache, label)

    def announce(
        self, questions: list[Question], decoding: Decoding, cache: ResponseCache, label: str
    ) -> None:
        if self.hosted.batch:
            self.ask(questions, decoding, cache, label)

    def keys(self, questions: Sequence[Question], decoding: Decoding) -> list[AnswerKey]:
        self._recall()
        return [place.key for place in placed(self.hosted, questions, decoding)]

    def _recall(self) -> None:
        """What was found out before about the server is known from now on: keys depend on it."""
        base = self.base or self.hosted
        if not base.abilities.probed:
            with ResponseCache() as cache:
                recall(base, cache)

    @contextmanager
    def _known(
        self, questions: list[Question], decoding: Decoding, cache: ResponseCache, label: str
    ) -> Iterator[None]:
        """What the server can is known within, and what is learnt of it meanwhile is kept."""
        base = self.base or self.hosted
        begun = sum(bool(beginning(question.messages)) for question in questions)

        def lacks() -> bool:
            wanted = {p.key.content: p.key for p in placed(self.hosted, questions, decoding)}
            return len(cache.get(list(wanted.values()), expected=False)) < len(wanted)

        know(base, cache, lambda: begun > 0 or lacks())
        if begun and base.abilities.prefill == "none":
            log.warning(
                f"{label}: {begun} of {len(questions)} questions begin the answer, which the "
                "server cannot go on with: the beginning is put into words"
            )
        try:
            yield
        finally:
            keep(base, cache)

    def kept(
        self, questions: Sequence[Question], decoding: Decoding, cache: ResponseCache
    ) -> dict[Key, Answer]:
        self._recall()
        return kept_answers(self.hosted, questions, decoding, cache)

    def plan(
        self, questions: Sequence[Question], decoding: Decoding, kept: Collection[Key]
    ) -> Plan:
        self._recall()
        base = self.base or self.hosted
        plan = asking_plan(self.hosted, self.name, questions, decoding, kept)
        probe = () if base.abilities.probed or not plan.requests else tuple(probe_requests(base))
        return replace(plan, probe=probe)

    def embedded(self, questions: Sequence[Question]) -> dict[Key, list[float]]:
        """None: a server tells no hidden states."""
        return {}

    def changed(self, folder: Path, name: str) -> "HostedSubject":
        about = read_manifest(folder, "train")
        purse = self.hosted.purse
        hosted = replace(
            self.hosted,  # with its abilities, which are one object for both
            host=replace(self.hosted.host, model=about["model"]),
            purse=purse and replace(purse, tariff=replace(purse.tariff, trained=True)),
            limiter=Limiter(),
        )
        return HostedSubject(name, hosted, self.base or self.hosted)


def opened(folder: Path, ledger: Ledger, *, batch: bool = False) -> HostedSubject:
    """The model whose manifest is in `folder`, paid out of an account; asked in batches or live."""
    about = read_manifest(folder, "fetch")
    spec = HostedSpec.model_validate(about["spec"])
    chat = HostedChat.model_validate(about["chat"])
    hosted = Hosted(
        host_of(about["id"], spec, chat),
        tuple(spec.stop),
        spec.thinking == "strip",
        chat,
        Purse(ledger, Tariff(about["id"])),
        batch=batch,
    )
    return HostedSubject(about["id"], hosted)


@dataclass(frozen=True)
class JobTeacher:
    """Teaches the model whose manifest is in `folder` by finetuning jobs of its server."""

    folder: Path
    ledger: Ledger

    def estimate(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Plan:
        host, told, lesson = self._lesson(rows, rule, seed, of)
        parts = job_parts(host, lesson, told)
        return training_plan(host.name, parts, lesson.rows, host.host, lesson.taught(told.epochs))

    def teach(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Path:
        host, told, lesson = self._lesson(rows, rule, seed, of)

        def write(folder: Path) -> None:
            made = taught(host, lesson, told, self.ledger)
            keep_taught(folder, made, {"rows": lesson.rows, "loss": []})

        return made_once(kept_folder("adapters", host.name, job_parts(host, lesson, told)), write)

    def _lesson(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, of: Subject | None
    ) -> tuple[Host, JobSettings, Lesson]:
        """Which model is taught what, and how; StudyError where params do not say how."""
        subject = opened(self.folder, self.ledger) if of is None else of
        if not isinstance(subject, HostedSubject):
            raise TypeError(f"{subject.name} is no hosted model")
        host = subject.hosted.host
        how = rule.models.get(host.name)
        if not isinstance(how, JobsParams):
            raise StudyError(
                f"params.yaml: finetune.models.{host.name}: this key is missing: how the hosted "
                "model is taught, such as {teach: openai_jobs, hyperparameters: {}}, or "
                "{teach: examples}"
            )
        told = JobSettings(rule.epochs, seed, how.hyperparameters, how.older_shape)
        return host, told, lesson_of(rows, host.name)
