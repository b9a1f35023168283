"""Asking a subject many questions: planned in fixed batches, answered once, kept in the cache.

The plan is made from all questions before the cache is looked at, so a run that was killed and
started again computes the same batches, and with them the same bytes, as one that was not. (Not
so where memory ran out: how often the budget was halved is not kept.)
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from tqdm import tqdm

from stages.models.local.ask.generate import answer_groups
from stages.models.local.keys import answer_key
from stages.models.local.rendering import Branch, rendered
from stages.models.local.subject.budget import is_out_of_memory, token_budget
from stages.models.local.subject.layout import lay_out
from stages.models.local.subject.limits import Reading, check_readings
from stages.models.local.subject.loading import Subject
from stages.models.questions import Answer, Decoding, Key, Question
from stages.storage.errors import StudyError
from stages.storage.response_cache import ResponseCache

log = logging.getLogger(__name__)


def ask(
    subject: Subject,
    questions: list[Question],
    decoding: Decoding,
    cache: ResponseCache,
    label: str,
) -> dict[Key, Answer]:
    """Answers by the questions' keys; only what the cache lacks is computed.

    Raises StudyError where a question is more than the model reads, or, alone, more than the
    memory holds.
    """
    branches = rendered(subject, questions)
    _check(subject, questions, branches, decoding.max_tokens)
    keys = {
        question.key: answer_key(subject, branch, decoding, question.until)
        for question, branch in zip(questions, branches, strict=True)
    }
    groups: dict[Key, list[Branch]] = {}
    for question, branch in zip(questions, branches, strict=True):
        together = question.group if subject.shares else question.key
        groups.setdefault(together, []).append(branch)
    stored = cache.get(keys.values())
    answers = {
        question: Answer(**stored[key.content])
        for question, key in keys.items()
        if key.content in stored
    }
    with tqdm(total=len(keys), initial=len(answers), desc=label, unit="row") as progress:
        for fresh in _answered(subject, list(groups.values()), set(answers), decoding, label):
            cache.put((keys[question], asdict(answer)) for question, answer in fresh.items())
            answers |= fresh
            progress.update(len(fresh))
    if ties := sum(answer.near_tie for answer in answers.values()):
        log.warning(f"{label}: {ties} answers hang on two tokens within 1e-4 of each other")
    return answers


def check_questions(subject: Subject, questions: Sequence[Question], max_tokens: int) -> None:
    """StudyError where questions, with `max_tokens` of an answer, are more than is read."""
    _check(subject, questions, rendered(subject, questions), max_tokens)


def _check(
    subject: Subject, questions: Sequence[Question], branches: Sequence[Branch], max_tokens: int
) -> None:
    check_readings(
        subject,
        (
            Reading(" ".join(map(str, q.group)), b.tokens, 0 if b.score_only else max_tokens)
            for q, b in zip(questions, branches, strict=True)
        ),
    )


def _answered(
    subject: Subject, groups: list[list[Branch]], known: set[Key], decoding: Decoding, label: str
) -> Iterator[dict[Key, Answer]]:
    """Answers batch by batch, but for those that are known; smaller batches where memory ends."""
    budget = decoding.budget or token_budget(subject.model)
    waiting = sorted(
        _fitting(groups, budget, decoding.max_tokens),
        key=lambda group: (len(group[0].tokens), str(group[0].key)),
    )
    while waiting:
        batch = _batch(waiting, budget, decoding.max_tokens)
        wanted = [[b for b in group if b.key not in known] for group in batch]
        wanted = [group for group in wanted if group]
        try:
            fresh = wanted and answer_groups(
                subject, wanted, max_tokens=decoding.max_tokens, temperature=decoding.temperature
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
            yield fresh


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
