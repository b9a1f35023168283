"""What shared prefixes are worth: seven questions an input, shared against one row a question.

    python -m tests.benchmarks.prefix_sharing

A model of SmolLM2's shape with random weights; both ways in one run, in turn; medians of three.
Prints a line a figure: name, then how many times faster the shared way is.
"""

import random
import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from stages.models.local.generate import Branch, answer_groups
from stages.models.local.loading import default_device
from stages.models.local.tree import Example, lay_out, loss_and_hits

INPUTS, QUESTIONS, PREFIX, QUESTION, ANSWER = 6, 7, 64, 24, 3
SHAPE = {
    "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
    "num_attention_heads": 9, "num_key_value_heads": 3, "tie_word_embeddings": True,
}  # fmt: skip


class Tokenizer:
    """Just what decoding asks of a tokenizer; no token ends an answer."""

    pad_token_id, eos_token_id = 0, None

    def decode(self, tokens: list[int], **_: object) -> str:
        return " ".join(map(str, tokens))


def ratio(shared: Callable[[], object], separate: Callable[[], object]) -> float:
    """Median over three interleaved rounds of separate / shared, in wall time."""
    ratios = []
    for _ in range(3):
        seconds = []
        for way in (shared, separate):
            start = time.perf_counter()
            way()
            seconds.append(time.perf_counter() - start)
        ratios.append(seconds[1] / seconds[0])
    return statistics.median(ratios)


def main() -> None:
    device = default_device()
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**SHAPE)).to(device).eval()
    subject = SimpleNamespace(model=model, tokenizer=Tokenizer(), stop=[], device=device)
    draw = random.Random(0)

    def tokens(count: int) -> tuple[int, ...]:
        return tuple(draw.randrange(1, 49000) for _ in range(count))

    prefixes = [tokens(PREFIX) for _ in range(INPUTS)]
    groups = [
        [Branch((i, q), prefix + tokens(QUESTION)) for q in range(QUESTIONS)]
        for i, prefix in enumerate(prefixes)
    ]
    alone = [[branch] for group in groups for branch in group]
    trees = [[Example(b.tokens, tokens(ANSWER)) for b in group] for group in groups]
    rows = [[example] for tree in trees for example in tree]
    for parameter in model.parameters():  # as in LoRA: the activations' gradients are what costs
        parameter.requires_grad_(parameter is model.model.embed_tokens.weight)

    def train(batches: list[list[Example]]) -> None:
        loss_and_hits(model, [lay_out(batch) for batch in batches])[0].backward()
        model.zero_grad()

    predict = {"max_tokens": 4}
    print(f"machine: {device}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"predict {ratio(lambda: answer_groups(subject, groups, **predict), lambda: answer_groups(subject, alone, **predict)):.2f}")  # fmt: skip  # noqa: E501
    print(f"train {ratio(lambda: train(trees), lambda: train(rows)):.2f}")


if __name__ == "__main__":
    main()
