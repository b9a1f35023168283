"""How tiny models are taught; a test replaces what it is about."""

from stages.models.local.teach.settings import Settings

SETTINGS = Settings(
    epochs=1,
    learning_rate=1e-2,
    lora_rank=2,
    lora_alpha=4,
    lora_dropout=0.0,
    target_modules="all-linear",
    batch_inputs=2,
    warmup_fraction=0.1,
    schedule="linear",
    weight_decay=0.0,
    max_grad_norm=1.0,
    checkpoint_every=3,
    seed=0,
)
