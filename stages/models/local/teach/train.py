"""LoRA training on prefix trees: seeded, resumable, the same bytes with or without a kill.

(Not so where memory ran out: how often the parts were halved is not kept.)
"""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from stages.models.local.subject.attention import prefix_attention
from stages.models.local.subject.budget import is_out_of_memory, training_budget
from stages.models.local.subject.layout import lay_out
from stages.models.local.subject.loading import Subject
from stages.models.local.teach.checkpoints import Parameters, resume, save
from stages.models.local.teach.dropout import with_dropout
from stages.models.local.teach.lora import with_lora
from stages.models.local.teach.loss import Example, head_states, label_weight, loss_and_hits
from stages.models.local.teach.settings import Settings
from stages.models.local.teach.steps import batches, schedule
from stages.storage.errors import StudyError


def train_lora(
    subject: Subject,
    train: dict[str, list[Example]],
    held_back: dict[str, list[Example]],
    settings: Settings,
    checkpoint: Path,
    log: Callable[[int, float], None],
) -> tuple[Any, dict[str, Any]]:
    """Train LoRA on `train` (input_id -> its examples); returns the peft model and a report.

    `checkpoint` is a folder: where it holds a state, training goes on from there. `log` is
    called with (step, loss in nats per label token) for every step, those resumed included.
    """
    with prefix_attention(subject.model, subject.shares):
        train = _Work(subject, subject.model).with_states(train)
    lora = with_lora(subject, settings)
    parameters = {n: p for n, p in lora.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(
        parameters.values(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    prefixes = with_dropout(lora, settings.lora_dropout, settings.seed)
    steps = [step for e in range(settings.epochs) for step in batches(train, settings, e)]
    losses = resume(checkpoint, parameters, optimizer)
    for step, loss in enumerate(losses):
        log(step, loss)
    with prefix_attention(subject.model, subject.shares):
        work = _Work(subject, lora.get_base_model())
        with tqdm(
            initial=len(losses), total=len(steps), desc=f"train {subject.name}", unit="step"
        ) as progress:
            for step in range(len(losses), len(steps)):
                for group in optimizer.param_groups:
                    group["lr"] = settings.learning_rate * schedule(step, len(steps), settings)
                prefixes.step = step
                loss = work.gradients([train[i] for i in steps[step]], optimizer)
                norm = torch.nn.utils.clip_grad_norm_(parameters.values(), settings.max_grad_norm)
                where = f"{subject.name}: step {step + 1} of {len(steps)}"
                _check_finite(where, loss=loss, gradient=norm)
                optimizer.step()
                losses.append(round(loss, 6))
                log(step, losses[-1])
                progress.update()
                if (step + 1) % settings.checkpoint_every == 0 and step + 1 < len(steps):
                    save(checkpoint, parameters, optimizer, losses)
        prefixes.step = None
        _check_finite(f"{subject.name}: the last step", weights=_norm(parameters))
        report = {"steps": len(steps), **work.measure([held_back[i] for i in sorted(held_back)])}
    report["trained_parameters"] = sum(p.numel() for p in parameters.values())
    return lora, report | {"loss": [list(pair) for pair in enumerate(losses)]}


def _check_finite(where: str, **found: float | torch.Tensor) -> None:
    """StudyError where a number is none, as nothing can be learned from there on."""
    for what, number in found.items():
        if not math.isfinite(number):
            raise StudyError(
                f"{where}: the {what} of training is {float(number)}: lower "
                "finetune.learning_rate, or fetch a model whose weights are sound"
            )


def _norm(parameters: Parameters) -> torch.Tensor:
    return torch.stack([p.detach().norm() for p in parameters.values()]).norm()


class _Work:
    """Losses and gradients of any number of inputs, in parts that the memory holds."""

    def __init__(self, subject: Subject, model: Any) -> None:
        self.model, self.shares = model, subject.shares
        self.device = subject.device.type
        self.budget = training_budget(model)

    def gradients(self, inputs: list[list[Example]], optimizer: torch.optim.Optimizer) -> float:
        """Leave the gradients of the mean loss in the parameters; returns the loss in nats."""
        whole = label_weight(inputs)

        def part_loss(part: list[list[Example]]) -> float:
            loss = self._loss(part)[0] / whole
            loss.backward()
            return loss.item()

        return sum(self._in_parts(inputs, part_loss, optimizer.zero_grad))

    @torch.inference_mode()
    def measure(self, inputs: list[list[Example]]) -> dict[str, float | None]:
        """Loss (nats per label token) and share of rows answered right on rows not trained on."""
        found = self._in_parts(inputs, lambda part: [x.tolist() for x in self._loss(part)])
        hits = [hit for _, right in found for hit in right]
        loss = sum(loss for loss, _ in found)
        return {
            "held_back_rows": len(hits),
            "held_back_loss": round(loss / label_weight(inputs), 6) if hits else None,
            "held_back_accuracy": round(sum(hits) / len(hits), 6) if hits else None,
        }

    def with_states(self, train: dict[str, list[Example]]) -> dict[str, list[Example]]:
        """The examples, those that are distilled with what M's head reads: the model is M yet."""
        kept = [[e for e in rows if e.distill] for rows in train.values()]
        kept = [rows for rows in kept if rows]

        def part_states(part: list[list[Example]]) -> list[torch.Tensor]:
            with self._precision():
                found = head_states(self.model, part, shares=self.shares)
            return [states.cpu() for states in found]

        found = [states for part in self._in_parts(kept, part_states) for states in part]
        states = dict(zip((e for rows in kept for e in rows), found, strict=True))
        return {i: [replace(e, states=states.get(e)) for e in rows] for i, rows in train.items()}

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda")

    def _loss(self, part: list[list[Example]]) -> tuple[torch.Tensor, torch.Tensor]:
        with self._precision():
            return loss_and_hits(self.model, part, shares=self.shares)

    def _in_parts(
        self,
        inputs: list[list[Example]],
        job: Callable[[list[list[Example]]], Any],
        restart: Callable[[], None] = lambda: None,
    ) -> list[Any]:
        """`job` of each part; where memory runs out, all again in parts of half the size."""
        while True:
            restart()
            try:
                return [job(part) for part in self._parts(inputs)]
            except (RuntimeError, MemoryError) as error:
                size = min(self.budget, self._tokens(inputs))
                if not is_out_of_memory(error) or size <= max(
                    self._tokens([rows]) for rows in inputs
                ):
                    raise
                self.budget = size // 2

    def _parts(self, inputs: list[list[Example]]) -> list[list[list[Example]]]:
        """The inputs in order, in parts of up to the budget's tokens, one input at least."""
        parts: list[list[list[Example]]] = []
        filled = 0
        for rows in inputs:
            size = self._tokens([rows])
            if not parts or filled + size > self.budget:
                parts.append([])
                filled = 0
            parts[-1].append(rows)
            filled += size
        return parts

    def _tokens(self, inputs: list[list[Example]]) -> int:
        """Tokens that are computed: those of a tree, or all where the model takes none."""
        groups = [[example.read for example in rows] for rows in inputs]
        if self.shares:
            return len(lay_out(groups).tokens)
        return sum(len(read) for group in groups for read in group)
