"""The steps of a training: which inputs, and at what share of the learning rate."""

import math

from stages.models.local.teach.loss import Example
from stages.models.local.teach.settings import Settings
from stages.study.splits import rng


def batches(train: dict[str, list[Example]], settings: Settings, epoch: int) -> list[list[str]]:
    """Input ids in an order that seed, epoch and id decide, `batch_inputs` to a step.

    Inputs of which all is rehearsed make no steps of their own: they are dealt over those of the
    others, as evenly as can be, and no more than `batch_inputs` to a step. Which of them an epoch
    leaves out is drawn like the order, so that a short training is not one of rehearsal.
    """
    draw = {i: rng(settings.seed, "order", epoch, i).random() for i in train}
    order = sorted(train, key=draw.__getitem__)
    taught = [i for i in order if not all(example.rehearsed for example in train[i])]
    size = settings.batch_inputs
    steps = [taught[at : at + size] for at in range(0, len(taught), size)]
    beside = [i for i in order if all(example.rehearsed for example in train[i])]
    beside = beside[: size * len(steps)]
    for number, input_id in enumerate(beside):
        steps[number * len(steps) // len(beside)].append(input_id)
    return steps


def schedule(step: int, total: int, settings: Settings) -> float:
    """A factor of the learning rate: linear warm-up, then decay to zero or none."""
    warmup = math.ceil(settings.warmup_fraction * total)
    if step < warmup:
        return (step + 1) / warmup
    left = (total - step) / max(1, total - warmup)
    if settings.schedule == "cosine":
        return (1 - math.cos(math.pi * left)) / 2
    return left if settings.schedule == "linear" else 1.0
