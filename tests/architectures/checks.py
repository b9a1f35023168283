"""What must hold of a family: answers and gradients are those of whole forwards, row by row."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch

from stages.models.local.ask.draws import NEAR_TIE, keys, noise
from stages.models.local.ask.generate import answer_groups
from stages.models.local.rendering import Branch
from stages.models.local.subject.attention import prefix_attention
from stages.models.local.subject.loading import Subject, load_base
from stages.models.local.teach.loss import Example, head_states, label_logits
from stages.models.questions import Answer
from tests.architectures.families import make, positions
from tests.tiny_models import describe, make_tiny_tokenizer, silent_tokens

LENGTHS = 6, 31, 44  # of prompts: within and beyond the windows; the last passes 48 as it answers
MAX_TOKENS = 10
CLOSED = {"a": (68, 100), "b": (69, 101)}
TEMPLATE = "{% for m in messages %}{{ m.content }}\n\n{% endfor %}"
NEAR = range(300, 360, 2)  # tokens that are nearly as likely as the next one


def load(name: str, folder: Path) -> Subject:
    """A model of the family as `load_base` gives it, from a folder that is written first.

    It says printable ASCII, and some of its tokens have a neighbour that is nearly as likely.
    """
    model = make(name)
    head = model.get_output_embeddings().weight
    with torch.no_grad():
        head[silent_tokens(make_tiny_tokenizer())] = 0
        head[[n + 1 for n in NEAR]] = head[list(NEAR)] * (1 - 1e-5)
    return load_base(written(model, name, folder))


def written(model: Any, name: str, folder: Path) -> Path:
    """The folder of a fetched model."""
    tokenizer = make_tiny_tokenizer()
    tokenizer.chat_template = TEMPLATE
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return describe(folder, name, stop=["s", "ir"])


def prompts(name: str) -> list[list[tuple[int, ...]]]:
    """Two groups of three prompts of unequal lengths, which share their first half."""
    generator = torch.Generator().manual_seed(0)
    stem = torch.randint(3, 400, (2 * LENGTHS[-1],), generator=generator).tolist()
    longest = positions(name) - MAX_TOKENS
    lengths = [min(length, longest) for length in LENGTHS]
    return [
        [(*stem[: length // 2], *stem[length // 2 + n : length + n]) for length in lengths]
        for n in range(2)
    ]


def unequal_answers(subject: Subject, temperature: float) -> list[tuple[Answer, Answer]]:
    """Answers that are not those of whole forwards, and what these are."""
    groups = [
        [
            Branch((*way, g, n), tokens, 10 * g + n, *how)
            for n, tokens in enumerate(group)
            for way, how in WAYS.items()
        ]
        for g, group in enumerate(prompts(subject.name))
    ]
    answers = answer_groups(subject, groups, max_tokens=MAX_TOKENS, temperature=temperature)
    logits = _whole_forwards(subject.model)
    pairs = [
        (answers[branch.key], _expected(subject, branch, temperature, logits))
        for group in groups
        for branch in group
    ]
    return [(found, wanted) for found, wanted in pairs if not _equal(found, wanted)]


WAYS: dict[tuple[str], tuple[Any, ...]] = {
    ("free",): (),
    ("cut",): (lambda text: len(text) >= 5,),
    ("closed",): (None, CLOSED),
    ("scored",): (None, CLOSED, True),
}


def _whole_forwards(model: Any) -> Callable[[tuple[int, ...]], torch.Tensor]:
    """Logits (V) after a row: a forward over all of it, alone and without a cache."""

    @cache
    @torch.inference_mode()
    def logits(row: tuple[int, ...]) -> torch.Tensor:
        found_V: torch.Tensor = model(torch.tensor([row]), use_cache=False).logits[0, -1]
        return found_V.double()

    return logits


def _expected(
    subject: Subject,
    branch: Branch,
    temperature: float,
    logits: Callable[[tuple[int, ...]], torch.Tensor],
) -> Answer:
    """The answer that steps of whole forwards give, by the rules of docs/method.md."""
    first_V = logits(branch.tokens).softmax(-1)
    shares = branch.closed and {a: float(first_V[list(t)].sum()) for a, t in branch.closed.items()}
    if branch.score_only and shares:
        best = max(shares, key=shares.__getitem__)
        logprob = math.log(shares[best])
        return Answer(best, "scored", logprob, logprob, False, shares)
    tokens: list[int] = []
    logprobs: list[float] = []
    near_tie, text, reason = False, "", "length"
    for step in range(MAX_TOKENS):
        logits_V = logits((*branch.tokens, *tokens))
        score_V = logits_V
        if temperature:
            key = keys([branch.seed], step, logits_V.device)
            score_V = logits_V + temperature * noise(key, torch.arange(len(logits_V)))
        best, second = score_V.topk(2).values.tolist()
        near_tie |= best - second < NEAR_TIE
        tokens.append(int(score_V.argmax()))
        logprobs.append(float(logits_V.log_softmax(-1)[tokens[-1]]))
        if tokens[-1] in subject.chat.ends:
            reason = "stop"
            break
        text = subject.tokenizer.decode(tokens, skip_special_tokens=True).lstrip()
        if marks := [text.index(mark) for mark in subject.chat.speech.stop if mark in text]:
            text, reason = text[: min(marks)], "stop"
            break
        settled = text[:-1] if text.endswith("i") else text  # it may become the mark "ir"
        if branch.decided and branch.decided(settled) and step + 1 < MAX_TOKENS:
            reason = "decided"
            break
    return Answer(text, reason, logprobs[0], sum(logprobs), near_tie, shares)


def _equal(found: Answer, wanted: Answer) -> bool:
    """Equal to the last letter; numbers up to rounding."""
    said = [(a.text, a.finish_reason, a.near_tie) for a in (found, wanted)]
    shares = [a.distribution or {} for a in (found, wanted)]
    return (
        said[0] == said[1]
        and math.isclose(found.first_token_logprob, wanted.first_token_logprob, abs_tol=1e-3)
        and math.isclose(found.logprob, wanted.logprob, abs_tol=1e-3)
        and shares[0].keys() == shares[1].keys()
        and all(math.isclose(p, shares[1][a], rel_tol=1e-3) for a, p in shares[0].items())
    )


def gradient_error(subject: Subject) -> float:
    """The largest difference to gradients of plain rows, as a share of the largest gradient."""
    model = subject.model
    inputs = [
        [Example(tokens, (n + 7, 80, 90 + n)[: n % 3 + 1]) for n, tokens in enumerate(group)]
        for group in prompts(subject.name)
    ]
    examples = [example for group in inputs for example in group]
    targets = torch.tensor([t for e in examples for t in e.label])
    with prefix_attention(model, subject.shares):
        taught = _gradients(model, label_logits(model, inputs, shares=subject.shares), targets)
    rows = [
        model(torch.tensor([[*e.prompt, *e.label]]), use_cache=False).logits[
            0, len(e.prompt) - 1 : -1
        ]
        for e in examples
    ]
    plain = _gradients(model, torch.cat(rows), targets)
    assert taught.keys() == plain.keys()
    largest = max(float(g.abs().max()) for g in plain.values())
    return max(float((taught[n] - plain[n]).abs().max()) for n in plain) / largest


def kept_logits_error(subject: Subject) -> float:
    """The largest difference of what the head makes of kept states to the logits of the model."""
    model, shares = subject.model, subject.shares
    inputs = [
        [Example(tokens, (n + 7, 80, 90 + n)[: n % 3 + 1]) for n, tokens in enumerate(group)]
        for group in prompts(subject.name)
    ]
    with prefix_attention(model, shares), torch.no_grad():
        wanted = label_logits(model, inputs, shares=shares)
        states = iter(head_states(model, inputs, shares=shares))
        kept = [[replace(example, states=next(states)) for example in rows] for rows in inputs]
        found = label_logits(model, kept, shares=shares)
    return float((found - wanted.repeat(2, 1)).abs().max())


def _gradients(
    model: Any, logits_NV: torch.Tensor, target_N: torch.Tensor
) -> dict[str, torch.Tensor]:
    model.zero_grad()
    torch.nn.functional.cross_entropy(logits_NV, target_N).backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
