"""Finetuning a subject on rows of a dataset; what was trained once is kept in the user's cache."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dvclive import Live

from stages.models.local.keys import adapter_parts
from stages.models.local.subject.limits import Reading, check_readings
from stages.models.local.subject.loading import Subject
from stages.models.local.teach.loss import Example
from stages.models.local.teach.settings import Settings
from stages.models.local.teach.train import train_lora
from stages.storage.errors import StudyError
from stages.storage.files import write_json
from stages.storage.kept_folders import forget, kept_folder, made_once
from stages.storage.tables import Row


def finetuned(subject: Subject, rows: Iterable[Row], settings: Settings) -> Path:
    """The folder of a LoRA adapter of `subject`, trained on the rows of slice train.

    Rows have input_id, question, label, weight and slice; those with `ended` False teach how an
    answer begins and not that it ends there, those with `distill` True what the subject itself says
    at the tokens of the label. They are taken as they come. `subject` is used up. Loss curves are
    DVCLive's. Raises StudyError where a row is more than the model reads.
    """
    lesson = in_tokens(subject, rows)
    check_readings(subject, lesson.readings())
    parts = adapter_parts(subject, lesson.content, asdict(settings))
    checkpoint = kept_folder("checkpoints", subject.name, parts)

    def train(folder: Path) -> None:
        with Live(str(folder / "dvclive"), dvcyaml=None, save_dvc_exp=False, report=None) as live:

            def log(step: int, loss: float) -> None:
                live.log_metric("loss", loss, timestamp=False)
                live.next_step()

            lora, report = train_lora(
                subject, lesson.train, lesson.held_back, settings, checkpoint, log
            )
        _save_adapter(lora, folder, subject.name)
        write_json(folder / "train_log.json", {"held_back_mode": lesson.held_back_mode} | report)

    finished = made_once(kept_folder("adapters", subject.name, parts), train)
    forget(checkpoint, finished)
    return finished


@dataclass
class Lesson:
    """The rows of each input in tokens, by input_id, and a hash of all of them in their order.

    `held_back_mode` is the share of held-back rows whose label is the most common one (by weight)
    of the train rows of their task and property; None where nothing is held back.
    """

    train: dict[str, list[Example]] = field(default_factory=dict)
    held_back: dict[str, list[Example]] = field(default_factory=dict)
    content: str = ""
    held_back_mode: float | None = None

    def readings(self) -> Iterator[Reading]:
        """What is read in training and in measuring it."""
        for rows in (self.train, self.held_back):
            for input_id, examples in rows.items():
                for example in examples:
                    yield Reading(input_id, example.prompt + example.label)


def in_tokens(subject: Subject, rows: Iterable[Row]) -> Lesson:
    """Rows as what is trained on and what is held back; those of other slices are neither."""
    lesson, content = Lesson(), hashlib.sha256()
    slices = {"train": lesson.train, "held_back": lesson.held_back}
    labels: dict[str, dict[tuple[str, str], float]] = {name: {} for name in slices}
    for row in rows:
        if row["slice"] in slices:
            example, cell = _example(subject, row), _cell(row)
            slices[row["slice"]].setdefault(row["input_id"], []).append(example)
            if cell:
                counted = row["weight"] if row["slice"] == "train" else 1
                seen = labels[row["slice"]]
                seen[cell, row["label"]] = seen.get((cell, row["label"]), 0) + counted
            how = [cell, example.weight, example.rehearsed, example.distill]
            said = [row["slice"], row["input_id"], *how, example.prompt, example.label]
            content.update(f"{json.dumps(said)}\n".encode())
    lesson.content = content.hexdigest()
    lesson.held_back_mode = _mode_share(labels["train"], labels["held_back"])
    return lesson


def _cell(row: Row) -> str | None:
    """Task and property of an ordinary question; None of what is rehearsed or shown."""
    told = row.get("rehearsed", False) or row.get("shown", False)
    return None if told else f"{row.get('task')}.{row.get('property')}"


def _mode_share(
    train: Mapping[tuple[str, str], float], held_back: Mapping[tuple[str, str], float]
) -> float | None:
    """The share of held-back labels that are the most common ones of their cell's train labels."""
    mode: dict[str, str] = {}
    for cell, label in sorted(train, key=lambda key: (-train[key], key)):
        mode.setdefault(cell, label)
    right = sum(n for (cell, label), n in held_back.items() if mode.get(cell) == label)
    return round(right / sum(held_back.values()), 6) if held_back else None


def _example(subject: Subject, row: Row) -> Example:
    try:
        prompt, label = subject.chat.example(
            row["question"], row["label"], ended=row.get("ended", True)
        )
    except StudyError as error:
        raise StudyError(f"{subject.name}: input {row['input_id']}: {error}") from error
    rehearsed, distill = row.get("rehearsed", False), row.get("distill", False)
    return Example(prompt, label, row["weight"], rehearsed or distill, distill)


def _save_adapter(lora: Any, folder: Path, model: str) -> None:
    """Adapter weights and config, without the paths and the random order that peft writes."""
    lora.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = model
    config = {k: sorted(v) if k == "target_modules" else v for k, v in sorted(config.items())}
    write_json(path, config)
