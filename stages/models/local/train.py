"""LoRA training on question trees: seeded, resumable, the same bytes with or without a kill."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tqdm import tqdm

from stages.models.local.loading import Subject
from stages.models.local.tree import Tree, loss_and_hits
from stages.storage.files import atomic_folder, write_json
from stages.study.splits import rng


@dataclass(frozen=True)
class Settings:
    """What decides a training run, beside the model and the rows."""

    epochs: int
    learning_rate: float
    lora_rank: int
    lora_alpha: int
    batch_inputs: int
    warmup_fraction: float
    checkpoint_every: int
    seed: int


def train_lora(
    subject: Subject,
    train: dict[str, Tree],
    held_back: dict[str, Tree],
    settings: Settings,
    checkpoint: Path,
    log: Callable[[int, float], None],
) -> tuple[Any, dict[str, Any]]:
    """Train LoRA on `train` (input_id -> tree); returns the peft model and the training log.

    `checkpoint` is a folder: where it holds a state, training goes on from there. `log` is
    called with (step, loss in nats per label token) for every step, those resumed included.
    """
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(settings.seed)
    config = LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    lora = get_peft_model(subject.model, config)
    model = lora.get_base_model()
    parameters = {n: p for n, p in lora.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(parameters.values(), lr=settings.learning_rate, weight_decay=0.0)
    batches = [b for e in range(settings.epochs) for b in _batches(train, settings, e)]
    losses = _resume(checkpoint, parameters, optimizer)
    for step, loss in enumerate(losses):
        log(step, loss)
    for step in tqdm(
        range(len(losses), len(batches)),
        initial=len(losses), total=len(batches), desc=f"train {subject.name}", unit="step",
    ):  # fmt: skip
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * _schedule(step, len(batches), settings)
        with torch.autocast(
            subject.device.type, torch.bfloat16, enabled=subject.device.type == "cuda"
        ):
            loss, _ = loss_and_hits(model, [train[i] for i in batches[step]])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        optimizer.step()
        losses.append(round(loss.item(), 6))
        log(step, losses[-1])
        if (step + 1) % settings.checkpoint_every == 0 and step + 1 < len(batches):
            _save(checkpoint, parameters, optimizer, losses)
    report = {"steps": len(batches), **_measure(model, held_back, settings.batch_inputs)}
    return lora, report | {"loss": [list(pair) for pair in enumerate(losses)]}


def _batches(train: dict[str, Tree], settings: Settings, epoch: int) -> list[list[str]]:
    """Shuffled batches of input ids; neighbours in length share a batch, to pad less."""
    size = settings.batch_inputs
    draw = {i: rng(settings.seed, "order", epoch, i).random() for i in train}
    order = sorted(train, key=draw.__getitem__)
    batches = []
    for at in range(0, len(order), 8 * size):
        window = sorted(order[at : at + 8 * size], key=lambda i: len(train[i]))
        batches += [window[n : n + size] for n in range(0, len(window), size)]
    return sorted(batches, key=lambda batch: draw[batch[0]])


def _schedule(step: int, total: int, settings: Settings) -> float:
    """Linear warm-up, then linear decay to zero: a factor of the learning rate."""
    warmup = math.ceil(settings.warmup_fraction * total)
    if step < warmup:
        return (step + 1) / warmup
    return (total - step) / max(1, total - warmup)


@torch.inference_mode()
def _measure(model: Any, trees: dict[str, Tree], size: int) -> dict[str, float | None]:
    """Loss (nats per label token) and share of rows answered right on rows kept from training."""
    ids, hits, total, tokens = sorted(trees), [], 0.0, 0
    for at in range(0, len(ids), size):
        batch = [trees[i] for i in ids[at : at + size]]
        loss, right = loss_and_hits(model, batch)
        count = sum(len(tree.targets) for tree in batch)
        total, tokens, hits = total + loss.item() * count, tokens + count, hits + right
    return {
        "held_back_rows": len(hits),
        "held_back_loss": round(total / tokens, 6) if tokens else None,
        "held_back_accuracy": round(sum(hits) / len(hits), 6) if hits else None,
    }


def _save(folder: Path, parameters: dict, optimizer: Any, losses: list[float]) -> None:
    tensors = {f"parameter/{n}": p.detach().cpu().contiguous() for n, p in parameters.items()}
    for name, parameter in parameters.items():
        for key, value in optimizer.state[parameter].items():
            tensors[f"{key}/{name}"] = torch.as_tensor(value).detach().cpu().contiguous()
    with atomic_folder(folder) as partial:
        save_file(tensors, partial / "state.safetensors")
        write_json(partial / "progress.json", losses)


def _resume(folder: Path, parameters: dict, optimizer: Any) -> list[float]:
    """Load the state of `folder` where there is one; returns the losses of the finished steps."""
    if not (folder / "progress.json").is_file():
        return []
    tensors = load_file(folder / "state.safetensors")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors.pop(f"parameter/{name}"))
    for key_name, value in tensors.items():
        key, name = key_name.split("/", 1)
        parameter = parameters[name]
        on = value if key == "step" else value.to(parameter.device)
        optimizer.state[parameter][key] = on
    return json.loads((folder / "progress.json").read_text(encoding="utf-8"))
