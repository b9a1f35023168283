"""teach: tinker. From the rows of a dataset to the folder that says which model they made."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stages.models.chat.chat import Speech
from stages.models.hosted.backend import HostedSubject, opened
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.spec.manifest import read_manifest
from stages.models.hosted.spec.section import HostedSpec
from stages.models.hosted.teach.outcome import keep_taught
from stages.models.hosted.tinker.lesson import TokenLesson, lesson_in_tokens
from stages.models.hosted.tinker.speaking import chat_of
from stages.models.hosted.tinker.training import Pupil, trained, training_parts
from stages.models.local.teach.settings import settings
from stages.models.plan import Plan, Tokens, training_plan
from stages.models.protocol import Subject
from stages.models.section import FinetuneParams, TinkerParams
from stages.storage.errors import StudyError
from stages.storage.kept_folders import kept_folder, made_once
from stages.storage.tables import Row


@dataclass(frozen=True)
class TinkerTeacher:
    """Teaches the model whose manifest is in `folder`, step by step at a service.

    The service gets the key of the place where the model is asked.
    """

    folder: Path
    how: TinkerParams
    ledger: Ledger

    def estimate(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Plan:
        pupil, lesson = self._lesson(rows, rule, seed, of)
        tokens = Tokens(trained=sum(step.tokens for step in lesson.steps()))
        parts, host = training_parts(pupil, lesson), pupil.host
        return training_plan(host.name, parts, lesson.rows, host.host, tokens)

    def teach(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Path:
        pupil, lesson = self._lesson(rows, rule, seed, of)

        def write(out: Path) -> None:
            made, losses = trained(pupil, lesson, self.ledger)
            report: dict[str, Any] = {"rows": lesson.rows, "steps": len(losses)}
            keep_taught(out, made, report | {"loss": [list(pair) for pair in enumerate(losses)]})

        parts = training_parts(pupil, lesson)
        return made_once(kept_folder("adapters", pupil.host.name, parts), write)

    def _lesson(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, of: Subject | None
    ) -> tuple[Pupil, TokenLesson]:
        """Who is taught what."""
        subject = opened(self.folder, self.ledger) if of is None else of
        if not isinstance(subject, HostedSubject):
            raise TypeError(f"{subject.name} is no hosted model")
        about, name = read_manifest(self.folder, "fetch"), subject.hosted.name
        spec = HostedSpec.model_validate(about["spec"])
        address = _address(self.how, spec, name)
        host = replace(subject.hosted.host, base_url=address, extra_headers={})
        speech = Speech(tuple(spec.stop), spec.thinking, about["date"])
        try:
            chat = chat_of(self.how.tokenizer, speech)
        except StudyError as error:
            where = f"finetune.models.{name}.tokenizer: {self.how.tokenizer}"
            raise StudyError(f"{where}: {error}") from error
        lesson = lesson_in_tokens(rows, chat, settings(rule, seed), name)
        return Pupil(host, self.how.base_model or spec.model), lesson


def _address(how: TinkerParams, spec: HostedSpec, model: str) -> str:
    """service_url by the rules of base_url: no key in it, no http to another machine."""
    try:
        return HostedSpec.model_validate(spec.model_dump() | {"base_url": how.service_url}).base_url
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise StudyError(f"finetune.models.{model}.service_url: {reason}") from error
