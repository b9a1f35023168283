"""Finetuning a subject on rows of a dataset; what was trained once is kept in the user's cache."""

import hashlib
import json
from collections.abc import Iterable, Iterator
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
from stages.storage.tables import Row, read_columns, read_rows


def finetuned(subject: Subject, rows: Iterable[Row], settings: Settings) -> Path:
    """The folder of a LoRA adapter of `subject`, trained on the rows of slice train.

    Rows have input_id, question, label, weight and slice; those with `ended` False teach how an
    answer begins and not that it ends there. They are taken as they come. `subject` is used up.
    Loss curves are DVCLive's. Raises StudyError where a row is more than the model reads.
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
        write_json(folder / "train_log.json", report)

    finished = made_once(kept_folder("adapters", subject.name, parts), train)
    forget(checkpoint, finished)
    return finished


def own_answers(model: str, wanted: set[str], data: Path = Path("data")) -> Iterator[Row]:
    """What the base model itself answered to the prompts of `wanted` inputs, as training rows.

    Only answers that it ended itself: one that was cut would teach it to end there.
    """
    behavior = data / "behavior" / f"{model}.parquet"
    sampled = read_columns("behavior", behavior, ["input_id", "task"])
    samples = sampled["input_id"].value_counts()
    prompts = {
        row["input_id"]: row["object_prompt"]
        for task in sorted(set(sampled["task"]))
        for row in read_rows("tasks", data / "tasks" / f"{task}.parquet")
        if row["input_id"] in wanted
    }
    for row in read_rows("behavior", behavior, finish_reason="stop"):
        if row["input_id"] in wanted:
            yield {
                "input_id": row["input_id"],
                "question": prompts[row["input_id"]],
                "label": row["response"],
                "weight": 1 / int(samples[row["input_id"]]),
                "slice": "train",
            }


@dataclass
class Lesson:
    """The rows of each input in tokens, by input_id, and a hash of all of them in their order."""

    train: dict[str, list[Example]] = field(default_factory=dict)
    held_back: dict[str, list[Example]] = field(default_factory=dict)
    content: str = ""

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
    for row in rows:
        if row["slice"] in slices:
            example = _example(subject, row)
            slices[row["slice"]].setdefault(row["input_id"], []).append(example)
            said = [row["slice"], row["input_id"], example.weight, example.prompt, example.label]
            content.update(f"{json.dumps(said)}\n".encode())
    lesson.content = content.hexdigest()
    return lesson


def _example(subject: Subject, row: Row) -> Example:
    try:
        prompt, label = subject.chat.example(
            row["question"], row["label"], ended=row.get("ended", True)
        )
    except StudyError as error:
        raise StudyError(f"{subject.name}: input {row['input_id']}: {error}") from error
    return Example(prompt, label, row["weight"])


def _save_adapter(lora: Any, folder: Path, model: str) -> None:
    """Adapter weights and config, without the paths and the random order that peft writes."""
    lora.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = model
    config = {k: sorted(v) if k == "target_modules" else v for k, v in sorted(config.items())}
    write_json(path, config)
