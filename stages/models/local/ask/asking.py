"""Asking a subject many questions: planned in fixed batches, answered once, kept in the cache.

The plan is made from all questions before the cache is looked at, so a run that was killed and
started again computes the same batches, and with them the same bytes, as one that was not. (Not
so where memory ran out: how often the budget was halved is not kept.)
"""

import logging
from dataclasses import asdict

from tqdm import tqdm

from stages.models.chat import encode, render_answer, render_prompt
from stages.models.local.ask.generate import Branch, answer_groups
from stages.models.local.subject.budget import is_out_of_memory, token_budget
from stages.models.local.subject.layout import lay_out
from stages.models.local.subject.loading import Subject
from stages.models.questions import Answer, Decoding, Question
from stages.storage.errors import StudyError
from stages.storage.response_cache import ResponseCache, content_key

log = logging.getLogger(__name__)

ENGINE = 3  # part of every cache key: raise it when the same question may be answered otherwise


def ask(
    subject: Subject,
    questions: list[Question],
    decoding: Decoding,
    cache: ResponseCache,
    label: str,
) -> dict[tuple, Answer]:
    """Answers by the questions' keys; only what the cache lacks is computed.

    Raises StudyError where a single question does not fit into the memory.
    """
    keys: dict[tuple, str] = {}
    groups: dict[tuple, list[Branch]] = {}
    first_tokens = FirstTokens(subject)
    for question in questions:
        text = render_prompt(subject.tokenizer, question.messages)
        closed = first_tokens.of(question)
        branch = Branch(
            question.key,
            tuple(encode(subject.tokenizer, text, start=True)),
            question.seed,
            question.until and question.until.decided,
            closed,
            question.score_only and bool(closed),
        )
        groups.setdefault(question.group, []).append(branch)
        keys[question.key] = content_key(
            ENGINE,
            subject.device.type,
            subject.fingerprint,
            text,
            decoding.max_tokens,
            decoding.temperature,
            question.seed if decoding.temperature else 0,
            subject.stop,
            question.until and question.until.rule,
            closed,
            question.score_only,
        )
    stored = cache.get(keys.values())
    answers = {key: Answer(**stored[content]) for key, content in keys.items() if content in stored}
    budget = decoding.budget or token_budget(subject.model)
    waiting = sorted(
        _fitting(list(groups.values()), budget, decoding.max_tokens),
        key=lambda g: (len(g[0].tokens), str(g[0].key)),
    )
    with tqdm(total=len(keys), initial=len(answers), desc=label, unit="row") as progress:
        while waiting:
            batch = _batch(waiting, budget, decoding.max_tokens)
            wanted = [[b for b in group if b.key not in answers] for group in batch]
            wanted = [group for group in wanted if group]
            try:
                fresh = wanted and answer_groups(
                    subject,
                    wanted,
                    max_tokens=decoding.max_tokens,
                    temperature=decoding.temperature,
                )
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if sum(map(len, wanted)) == 1:
                    raise StudyError(
                        f"{label}: memory ran out on one question of {len(wanted[0][0].tokens)} "
                        "tokens; a smaller model or a machine with more memory is needed"
                    ) from error
                budget = max(1, sum(_cost(g, decoding.max_tokens) for g in wanted) // 2)
                waiting = _fitting(waiting, budget, decoding.max_tokens)
                continue
            waiting = waiting[len(batch) :]
            if fresh:
                cache.put({keys[key]: asdict(answer) for key, answer in fresh.items()})
                answers |= fresh
                progress.update(len(fresh))
    if ties := sum(answer.near_tie for answer in answers.values()):
        log.warning(f"{label}: {ties} answers hang on two tokens within 1e-4 of each other")
    return answers


def _cost(group: list[Branch], max_tokens: int) -> int:
    """Tokens that a group needs: those of its tree, and a place for every answer token."""
    return len(lay_out([[b.tokens for b in group]]).tokens) + len(group) * max_tokens


def _fitting(groups: list[list[Branch]], budget: int, max_tokens: int) -> list[list[Branch]]:
    """The groups, those halved that are beyond the budget alone."""
    fitting = []
    for group in groups:
        if len(group) > 1 and _cost(group, max_tokens) > budget:
            half = len(group) // 2
            fitting += _fitting([group[:half], group[half:]], budget, max_tokens)
        else:
            fitting.append(group)
    return fitting


def _batch(waiting: list[list[Branch]], budget: int, max_tokens: int) -> list[list[Branch]]:
    """As many of the waiting groups as the budget holds, one at least."""
    taken, count = 0, 0
    for group in waiting:
        taken += _cost(group, max_tokens)
        if count and taken > budget:
            break
        count += 1
    return waiting[:count]


class FirstTokens:
    """The tokens with which the answers of a closed set may open, by the question's template."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.known = subject, {}

    def of(self, question: Question) -> dict[str, tuple[int, ...]] | None:
        """The tokens that spell each answer, with and without a blank before it.

        Where no single token does, the first ones of its spellings. None where two answers open
        with the same token: then the first token does not tell.
        """
        if question.closed is None:
            return None
        key = tuple(question.closed.items())
        if key not in self.known:
            found = {a: self._opening(question, s) for a, s in question.closed.items()}
            tokens = [token for firsts in found.values() for token in firsts]
            self.known[key] = found if len(set(tokens)) == len(tokens) else None
        return self.known[key]

    def _opening(self, question: Question, spellings: tuple[str, ...]) -> tuple[int, ...]:
        tokenizer = self.subject.tokenizer
        openings = []
        for spelling in spellings:
            text = render_answer(tokenizer, question.messages, spelling, self.subject.stop)
            lead = text[: text.index(spelling)]
            openings += [encode(tokenizer, x + spelling, start=False) for x in {lead, " "}]
        whole = {tokens[0] for tokens in openings if len(tokens) == 1}
        return tuple(sorted(whole or {tokens[0] for tokens in openings}))
