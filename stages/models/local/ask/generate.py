"""Asking a local model: greedy or sampled answers, and exact distributions over closed answers."""

from __future__ import annotations

import math
from functools import partial
from itertools import chain

import torch

from stages.models.local.ask.draws import NEAR_TIE, next_tokens
from stages.models.local.ask.runs import TreeRun
from stages.models.local.ask.stops import Stops
from stages.models.local.ask.thoughts import Thinking
from stages.models.local.rendering import Branch
from stages.models.local.subject.attention import prefix_attention
from stages.models.local.subject.generation import generate
from stages.models.local.subject.loading import Subject
from stages.models.questions import Answer, Key
from stages.storage.errors import StudyError


@torch.inference_mode()
def answer_groups(
    subject: Subject, groups: list[list[Branch]], *, max_tokens: int, temperature: float = 0.0
) -> dict[Key, Answer]:
    """Answers of one batch of groups, by the branches' keys.

    Greedy at temperature 0. Otherwise each branch draws by its own seed, so a sample does not
    depend on what else is in the batch.
    """
    model, cuda = subject.model, subject.device.type == "cuda"
    prompts = [[branch.tokens for branch in group] for group in groups]
    stops = Stops(subject)
    drafts = [_Draft(b, subject, stops, max_tokens) for group in groups for b in group]
    advance = partial(_advance, drafts, temperature)
    with prefix_attention(model, subject.shares), torch.autocast("cuda", torch.bfloat16, cuda):
        if subject.shares:
            TreeRun(model, prompts, max_tokens).run(advance)
        else:
            generate(model, list(chain(*prompts)), max_tokens, advance, subject.rows)
    return {draft.branch.key: draft.answer() for draft in drafts}


def _advance(
    drafts: list[_Draft], temperature: float, logits_BV: torch.Tensor, numbers: list[int]
) -> dict[int, int]:
    """The next token of each draft that goes on, from the logits after it; all are as long.

    The logits are used up.
    """
    step = len(drafts[numbers[0]].tokens)
    if step == 0:
        for at, n in enumerate(numbers):
            drafts[n].score(logits_BV[at])
    going = [at for at, n in enumerate(numbers) if not drafts[n].branch.score_only]
    if not going:
        return {}
    numbers = [numbers[at] for at in going]
    going_BV = logits_BV[going] if len(going) < len(logits_BV) else logits_BV
    chosen = next_tokens(going_BV, [drafts[n].branch.seed for n in numbers], step, temperature)
    live = [n for n, one in zip(numbers, chosen, strict=True) if not drafts[n].take(*one)]
    return {n: drafts[n].tokens[-1] for n in live}


class _Draft:
    """An answer as it grows."""

    def __init__(self, branch: Branch, subject: Subject, stops: Stops, max_tokens: int) -> None:
        self.branch, self.max_tokens = branch, max_tokens
        self.asked = subject.name
        self.stops, self.ends = stops, subject.chat.ends
        self.thinking = Thinking(branch.thought, subject.tokenizer)
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.text, self.finish_reason, self.near_tie = "", "length", False
        self.distribution: dict[str, float] | None = None

    def score(self, logits_V: torch.Tensor) -> None:
        """The closed answers' probabilities, from the logits after the prompt."""
        if not self.branch.closed:
            return
        probability_V = logits_V.float().softmax(-1)
        logprobs = {
            answer: float(probability_V[list(firsts)].sum().log())
            for answer, firsts in self.branch.closed.items()
        }
        self._check(sum(map(math.exp, logprobs.values())))
        self.distribution = {a: float(f"{math.exp(x):.5g}") for a, x in logprobs.items()}
        if self.branch.score_only:
            best, *others = sorted(logprobs, key=logprobs.__getitem__, reverse=True)
            self.text, self.finish_reason, self.logprobs = best, "scored", [logprobs[best]]
            self.near_tie = any(logprobs[best] - logprobs[x] < NEAR_TIE for x in others)

    def take(self, token: int, logprob: float, near_tie: bool) -> bool:
        """Add the next token; True when the answer is finished."""
        self._check(logprob)
        self.tokens.append(token)
        answering = self.thinking.ended(self.tokens)
        self.logprobs.append(logprob)
        self.near_tie |= near_tie
        last = len(self.tokens) == self.max_tokens
        if token in self.ends:
            said = self.thinking.taken_off(self.tokens[:-1])
            self.text, self.finish_reason = self.stops.text(said), "stop"
            return True
        if not (last or self.stops or self.branch.decided):
            return False
        said = self.thinking.taken_off(self.tokens)
        self.text = self.stops.text(said)
        if not answering:
            return last
        cut = self.stops.cut(self.text, said)
        if cut is not None:
            self.text, self.finish_reason = cut, "stop"
            return True
        decided = self.branch.decided
        if not last and decided and decided(self.stops.settled(self.text, said)):
            self.finish_reason = "decided"
            return True
        return last

    def _check(self, number: float) -> None:
        """StudyError where logits are none: what follows from them is no answer."""
        if not math.isfinite(number):
            key = self.branch.key
            raise StudyError(
                f"{self.asked}: what it computes for input "
                f"{' '.join(map(str, key)) if isinstance(key, tuple) else key} is not finite "
                f"({number}), so it has no answer: its weights are damaged or too large; fetch it "
                "again, or lower finetune.learning_rate where it was finetuned"
            )

    def answer(self) -> Answer:
        first, whole = self.logprobs[0], sum(self.logprobs)
        return Answer(
            self.text,
            self.finish_reason,
            round(first, 4),
            round(whole, 4),
            self.near_tie,
            self.distribution,
        )
