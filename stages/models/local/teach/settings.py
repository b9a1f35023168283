"""What decides a training run, beside the model and the rows."""

from dataclasses import dataclass

from stages.models.section import FinetuneParams, Schedule, TargetModules


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Keys of the section finetune of params.yaml, and the training seed."""

    epochs: int
    learning_rate: float
    schedule: Schedule
    lora_rank: int
    lora_alpha: int
    lora_dropout: float
    target_modules: TargetModules
    batch_inputs: int
    warmup_fraction: float
    weight_decay: float
    max_grad_norm: float
    checkpoint_every: int
    seed: int


def settings(told: FinetuneParams, seed: int) -> Settings:
    """How the main study trains."""
    return Settings(
        epochs=told.epochs,
        learning_rate=told.learning_rate,
        schedule=told.schedule,
        lora_rank=told.lora_rank,
        lora_alpha=told.lora_alpha,
        lora_dropout=told.lora_dropout,
        target_modules=told.target_modules,
        batch_inputs=told.batch_inputs,
        warmup_fraction=told.warmup_fraction,
        weight_decay=told.weight_decay,
        max_grad_norm=told.max_grad_norm,
        checkpoint_every=told.checkpoint_every,
        seed=seed,
    )
