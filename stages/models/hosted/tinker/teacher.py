"""teach: tinker. From the rows of a dataset to the folder that says which model they made."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stages.models.chat.chat import Speech
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.spec.manifest import read_manifest
from stages.models.hosted.spec.section import HostedSpec
from stages.models.hosted.teach.outcome import keep_taught
from stages.models.hosted.tinker.lesson import lesson_in_tokens
from stages.models.hosted.tinker.speaking import chat_of
from stages.models.hosted.tinker.training import Pupil, trained, training_parts
from stages.models.local.teach.settings import settings
from stages.models.section import FinetuneParams, TinkerParams
from stages.storage.errors import StudyError
from stages.storage.kept_folders import kept_folder, made_once
from stages.storage.tables import Row


def taught_by_tinker(
    folder: Path,
    hosted: Hosted,
    how: TinkerParams,
    rows: Iterable[Row],
    rule: FinetuneParams,
    seed: int,
    ledger: Ledger,
) -> Path:
    """The folder of what a service made of `hosted`, whose base model's manifest is in `folder`.

    The service gets the key of the place where the model is asked.
    """
    about = read_manifest(folder, "fetch")
    spec = HostedSpec.model_validate(about["spec"])
    host = replace(hosted.host, base_url=_address(how, spec, hosted.name), extra_headers={})
    speech = Speech(tuple(spec.stop), spec.thinking, about["date"])
    try:
        chat = chat_of(how.tokenizer, speech)
    except StudyError as error:
        where = f"finetune.models.{hosted.name}.tokenizer: {how.tokenizer}"
        raise StudyError(f"{where}: {error}") from error
    lesson = lesson_in_tokens(rows, chat, settings(rule, seed), hosted.name)
    pupil = Pupil(host, how.base_model or spec.model)

    def write(out: Path) -> None:
        made, losses = trained(pupil, lesson, ledger)
        report: dict[str, Any] = {"rows": lesson.rows, "steps": len(losses)}
        keep_taught(out, made, report | {"loss": [list(pair) for pair in enumerate(losses)]})

    return made_once(kept_folder("adapters", hosted.name, training_parts(pupil, lesson)), write)


def _address(how: TinkerParams, spec: HostedSpec, model: str) -> str:
    """service_url by the rules of base_url: no key in it, no http to another machine."""
    try:
        return HostedSpec.model_validate(spec.model_dump() | {"base_url": how.service_url}).base_url
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise StudyError(f"finetune.models.{model}.service_url: {reason}") from error
