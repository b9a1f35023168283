"""train_self, train_cross: a LoRA adapter that predicts the behavior a dataset tells of.

    python -m stages.finetune smollm2 --dataset smollm2-self --adapter smollm2-self
    python -m stages.finetune gemma3 --dataset smollm2-cross --adapter gemma3-on-smollm2

Both arms use the same hyper-parameters; each training seed has a folder of its own. A run that was
killed goes on from its last checkpoint by the same command and ends in the same bytes. Loss curves
are DVCLive's.
"""

import json
from collections import Counter
from pathlib import Path
from shutil import copytree, rmtree

import click
from dvclive import Live

from stages.models.chat import encode, render_answer, render_prompt
from stages.models.local.loading import Subject, load_base
from stages.models.local.loss import Example
from stages.models.local.train import ENGINE, Settings, train_lora
from stages.params import Params, load_params
from stages.storage.files import atomic_folder, write_json
from stages.storage.response_cache import cache_folder, content_key
from stages.storage.tables import Row, read_table


@click.command(help=__doc__)
@click.argument("model")
@click.option("--dataset", required=True, help="Name of the dataset in data/datasets.")
@click.option("--adapter", required=True, help="Name of the adapter to write.")
def main(model: str, dataset: str, adapter: str) -> None:
    params = load_params()
    rows = read_table("datasets", f"data/datasets/{dataset}.parquet")
    with atomic_folder(Path("data/adapters") / adapter) as folder:
        for seed in params.seeds:
            own = [row for row in rows if row["seed"] in (None, seed)]
            if params.finetune.rehearse:
                own += own_answers(model, {r["input_id"] for r in own if r["slice"] == "train"})
            finished = train(model, own, params, seed)
            copytree(finished, folder / f"seed-{seed}")
            report = json.loads((finished / "train_log.json").read_text(encoding="utf-8"))
            shown = {key: value for key, value in report.items() if key != "loss"}
            click.echo(f"{adapter}, seed {seed}: {json.dumps(shown)}")


def train(model: str, rows: list[Row], params: Params, seed: int) -> Path:
    """The folder of the trained adapter; in the cache, so that what was trained is kept."""
    subject = load_base(Path("data/models") / model)
    options = params.finetune.model_dump(exclude={"held_back", "rehearse", "scramble_labels"})
    run = content_key(ENGINE, subject.device.type, subject.fingerprint, rows, options, seed)
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
            Settings(seed=seed, **options),
            checkpoint,
            log,
        )
        live.end()
        _save_adapter(lora, folder, model)
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
            rows.append({
                "input_id": row["input_id"], "question": prompts[row["input_id"]],
                "label": row["response"], "weight": 1 / samples[row["input_id"]],
                "slice": "train",
            })  # fmt: skip
    return rows


def examples(subject: Subject, rows: list[Row]) -> dict[str, list[Example]]:
    """The rows of each input in tokens, by input_id."""
    by_input: dict[str, list[Example]] = {}
    for row in rows:
        prompt = render_prompt(subject.tokenizer, row["question"])
        label = render_answer(subject.tokenizer, row["question"], row["label"], subject.stop)
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


if __name__ == "__main__":
    main()
