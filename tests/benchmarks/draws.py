"""What drawing costs beside decoding: noise for 262 thousand tokens."""

import statistics
import time

import torch

from stages.models.local.ask.draws import next_tokens
from stages.models.local.ask.runs import TreeRun
from stages.models.local.subject.attention import prefix_attention
from stages.models.local.subject.loading import Subject
from tests.benchmarks.workload import object_rows

STEPS = 12


@torch.inference_mode()
def noise_share(subject: Subject, rows: int) -> float:
    """Processor time that noise adds to the choice of tokens, as a share of a decoding step's.

    Medians over steps of `rows` prompts, in which greedy choice and draw take turns.
    """
    prompts = [[row.tokens] for row in object_rows(subject, rows)]
    seconds: dict[str, list[float]] = {"step": [], "greedy": [], "drawn": []}
    last = time.process_time()

    def choose(
        name: str, logits_BV: torch.Tensor, numbers: list[int], temperature: float
    ) -> list[int]:
        given_BV, start = logits_BV.clone(), time.process_time()
        chosen = next_tokens(given_BV, numbers, len(seconds["step"]), temperature)
        seconds[name].append(time.process_time() - start)
        return [token for token, *_ in chosen]

    def advance(logits_BV: torch.Tensor, numbers: list[int]) -> dict[int, int]:
        nonlocal last
        seconds["step"].append(time.process_time() - last)
        choose("greedy", logits_BV, numbers, 0.0)
        tokens = choose("drawn", logits_BV, numbers, 1.0)
        last = time.process_time()
        return dict(zip(numbers, tokens, strict=True)) if len(seconds["step"]) < STEPS else {}

    with prefix_attention(subject.model):
        TreeRun(subject.model, prompts, STEPS).run(advance)
    step, greedy, drawn = (statistics.median(found[1:]) for found in seconds.values())
    return (drawn - greedy) / step
