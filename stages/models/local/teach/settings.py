"""What decides a training run, beside the model and the rows."""

from dataclasses import dataclass

from stages.models.section import FinetuneParams


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Keys of the section finetune of params.yaml, and the training seed."""

    epochs: int
    learning_rate: float
    lora_rank: int
    lora_alpha: int
    batch_inputs: int
    warmup_fraction: float
    checkpoint_every: int
    seed: int


def settings(told: FinetuneParams, seed: int) -> Settings:
    """How the main study trains."""
    return Settings(
        epochs=told.epochs,
        learning_rate=told.learning_rate,
        lora_rank=told.lora_rank,
        lora_alpha=told.lora_alpha,
        batch_inputs=told.batch_inputs,
        warmup_fraction=told.warmup_fraction,
        checkpoint_every=told.checkpoint_every,
        seed=seed,
    )
