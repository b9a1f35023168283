"""The project's own ways, as its stages call them, and the work that they need."""

import tempfile
from dataclasses import replace
from pathlib import Path

from stages.models.local.ask.asking import ask
from stages.models.local.subject.layout import lay_out
from stages.models.local.subject.loading import Subject
from stages.models.local.teach.loss import Example
from stages.models.local.teach.settings import Settings
from stages.models.local.teach.train import train_lora
from stages.models.predicting import FIRST_LINE
from stages.models.questions import Answer, Decoding
from stages.models.sampling import until_decided
from stages.storage.response_cache import ResponseCache
from stages.study.properties import PROPERTIES
from tests.benchmarks.workload import PROPERTY_NAMES, Row

DECIDED = until_decided(PROPERTY_NAMES, "sequence")


def sample(
    subject: Subject, rows: list[Row], max_tokens: int, *, early: bool = False, samples: int = 0
) -> dict[tuple, Answer]:
    """Behavior, as `sample_behavior` samples it; `samples` > 0 draws at temperature 1."""
    questions = [
        replace(
            row.question,
            key=(*row.question.key, n) if samples else row.question.key,
            seed=n,
            until=DECIDED if early else None,
        )
        for row in rows
        for n in range(max(1, samples))
    ]
    return _ask(subject, questions, Decoding(max_tokens, 1.0 if samples else 0.0))


def predict(
    subject: Subject, rows: list[Row], max_tokens: int, *, scored: bool = False, alone: bool = False
) -> dict[tuple, Answer]:
    """Predictions; `scored`: closed answers from logits, open ones to the end of their line.

    `alone`: a question at a time, which shares its prefix with none.
    """
    questions = [row.question for row in rows]
    if scored:
        questions = [
            replace(q, closed=closed, score_only=True, until=FIRST_LINE)
            for q in questions
            for closed in [PROPERTIES[q.key[1]].closed_answers()]
        ]
    if alone:
        questions = [replace(question, group=question.key) for question in questions]
    return _ask(subject, questions, Decoding(max_tokens, budget=1 if alone else None))


def _ask(subject: Subject, questions: list, decoding: Decoding) -> dict[tuple, Answer]:
    with tempfile.TemporaryDirectory() as folder, ResponseCache(Path(folder) / "c.sqlite") as cache:
        return ask(subject, questions, decoding, cache, "ours")


def train(subject: Subject, inputs: list[list[Example]], batch_inputs: int) -> None:
    """One epoch of LoRA on the rows, as `finetune` trains."""
    settings = Settings(
        epochs=1,
        learning_rate=2e-4,
        lora_rank=16,
        lora_alpha=32,
        lora_dropout=0.0,
        target_modules="all-linear",
        batch_inputs=batch_inputs,
        warmup_fraction=0.1,
        schedule="linear",
        weight_decay=0.0,
        max_grad_norm=1.0,
        checkpoint_every=10**6,
        seed=0,
    )
    rows = {f"{n:04}": examples for n, examples in enumerate(inputs)}
    with tempfile.TemporaryDirectory() as folder:
        train_lora(subject, rows, {}, settings, Path(folder) / "c", lambda step, loss: None)


def sampling_flop(subject: Subject, rows: list[Row], answers: dict[tuple, Answer]) -> float:
    """Floating-point operations that the answers need: every distinct prefix once."""
    tokenizer = subject.tokenizer
    answered = [
        row.tokens
        + tuple(tokenizer.encode(answers[row.question.key].text, add_special_tokens=False))
        for row in rows
    ]
    read = len(lay_out([answered]).tokens)
    new = sum(len(a) - len(row.tokens) for a, row in zip(answered, rows, strict=True))
    body, head = _weights(subject)
    return 2.0 * (read * body + new * head)


def training_flop(subject: Subject, inputs: list[list[Example]], batch_inputs: int) -> float:
    """Forward and the activations' gradients, frozen weights having none: four a weight."""
    body, head = _weights(subject)
    steps = [inputs[n : n + batch_inputs] for n in range(0, len(inputs), batch_inputs)]
    read = sum(len(lay_out([[e.read for e in rows] for rows in step]).tokens) for step in steps)
    labels = sum(len(e.label) for rows in inputs for e in rows)
    return 4.0 * (read * body + labels * head)


def _weights(subject: Subject) -> tuple[int, int]:
    head = subject.model.get_output_embeddings().weight.numel()
    body = sum(
        p.numel() for n, p in subject.model.named_parameters() if "embed" not in n and p.ndim == 2
    )
    tied = subject.model.config.tie_word_embeddings
    return body if tied else body - head, head
