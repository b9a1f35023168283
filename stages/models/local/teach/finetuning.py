"""Finetuning a subject on rows of a dataset; what was trained once is kept in the user's cache."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from shutil import rmtree

from dvclive import Live

from stages.models.chat import encode, render_answer, render_prompt
from stages.models.local.subject.loading import Subject
from stages.models.local.teach.loss import Example
from stages.models.local.teach.settings import Settings
from stages.models.local.teach.train import ENGINE, train_lora
from stages.storage.files import atomic_folder, write_json
from stages.storage.response_cache import cache_folder, content_key
from stages.storage.tables import Row, read_table


def finetuned(subject: Subject, rows: Sequence[Row], settings: Settings) -> Path:
    """The folder of a LoRA adapter of `subject`, trained on the rows of slice train.

    Rows have input_id, question, label, weight and slice; those with `ended` False teach how an
    answer begins and not that it ends there. `subject` is used up. Loss curves are DVCLive's.
    """
    run = content_key(
        ENGINE, subject.device.type, subject.fingerprint, list(rows), asdict(settings)
    )
    finished, checkpoint = (cache_folder() / name / run for name in ("adapters", "checkpoints"))
    if finished.is_dir():
        return finished
    with (
        atomic_folder(finished) as folder,
        Live(folder / "dvclive", dvcyaml=None, save_dvc_exp=False, report=None) as live,
    ):

        def log(step: int, loss: float) -> None:
            live.log_metric("loss", loss, timestamp=False)
            live.next_step()

        lora, report = train_lora(
            subject,
            examples(subject, [r for r in rows if r["slice"] == "train"]),
            examples(subject, [r for r in rows if r["slice"] == "held_back"]),
            settings,
            checkpoint,
            log,
        )
        live.end()
        _save_adapter(lora, folder, subject.name)
        write_json(folder / "train_log.json", report)
    rmtree(checkpoint, ignore_errors=True)
    return finished


def own_answers(model: str, wanted: set[str]) -> list[Row]:
    """What the base model itself answered to the prompts of `wanted` inputs, as training rows.

    Only answers that it ended itself: one that was cut would teach it to end there.
    """
    rows = []
    behavior = read_table("behavior", f"data/behavior/{model}.parquet")
    tasks = {row["task"] for row in behavior}
    prompts = {
        row["input_id"]: row["object_prompt"]
        for task in sorted(tasks)
        for row in read_table("tasks", f"data/tasks/{task}.parquet")
    }
    samples = Counter(row["input_id"] for row in behavior)
    for row in behavior:
        if row["input_id"] in wanted and row["finish_reason"] == "stop":
            rows.append(
                {
                    "input_id": row["input_id"],
                    "question": prompts[row["input_id"]],
                    "label": row["response"],
                    "weight": 1 / samples[row["input_id"]],
                    "slice": "train",
                }
            )
    return rows


def examples(subject: Subject, rows: Sequence[Row]) -> dict[str, list[Example]]:
    """The rows of each input in tokens, by input_id."""
    by_input: dict[str, list[Example]] = {}
    for row in rows:
        prompt = render_prompt(subject.tokenizer, row["question"])
        label = render_answer(subject.tokenizer, row["question"], row["label"], subject.stop)
        if not row.get("ended", True):
            label = label[: label.index(row["label"]) + len(row["label"])]
        example = Example(
            tuple(encode(subject.tokenizer, prompt, start=True)),
            tuple(encode(subject.tokenizer, label, start=False)),
            row["weight"],
        )
        by_input.setdefault(row["input_id"], []).append(example)
    return by_input


def _save_adapter(lora, folder: Path, model: str) -> None:
    """Adapter weights and config, without the paths and the random order that peft writes."""
    lora.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = model
    config = {k: sorted(v) if k == "target_modules" else v for k, v in sorted(config.items())}
    write_json(path, config)
