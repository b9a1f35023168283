"""Asking a subject many questions: planned in fixed batches, answered once, kept in the cache.

The plan is made from all questions before the cache is looked at, so a run that was killed and
started again computes the same batches, and with them the same bytes, as one that was not.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tqdm import tqdm

from stages.models.chat import Message, encode, render_prompt
from stages.models.local.generate import Answer, Branch, answer_groups, shared_prefix
from stages.models.local.loading import Subject
from stages.storage.response_cache import ResponseCache, content_key

ENGINE = 1  # part of every cache key: raise it when the same question may be answered otherwise


@dataclass(frozen=True)
class Question:
    """One prompt; those of one `group` share a prefix. `seed` decides a sample's draws."""

    key: tuple
    group: tuple
    messages: list[Message]
    seed: int = 0


@dataclass(frozen=True)
class Decoding:
    """How answers are made; `max_tokens` counts new tokens, the end mark included."""

    max_tokens: int
    temperature: float = 0.0
    batch_size: int = 32


def ask(
    subject: Subject,
    questions: list[Question],
    decoding: Decoding,
    cache: ResponseCache,
    label: str,
) -> dict[tuple, Answer]:
    """Answers by the questions' keys; only what the cache lacks is computed."""
    keys, branches = {}, {}
    for question in questions:
        text = render_prompt(subject.tokenizer, question.messages)
        tokens = tuple(encode(subject.tokenizer, text, start=True))
        branches.setdefault(question.group, []).append(Branch(question.key, tokens, question.seed))
        keys[question.key] = content_key(
            ENGINE, subject.fingerprint, text, decoding.max_tokens, decoding.temperature,
            question.seed if decoding.temperature else 0, subject.stop,
        )  # fmt: skip
    stored = cache.get(keys.values())
    answers = {key: Answer(**stored[content]) for key, content in keys.items() if content in stored}
    with tqdm(total=len(keys), initial=len(answers), desc=label, unit="row") as progress:
        for batch in _batches(list(branches.values()), decoding, _window(subject)):
            wanted = [[b for b in group if b.key not in answers] for group in batch]
            wanted = [group for group in wanted if group]
            if not wanted:
                continue
            fresh = answer_groups(
                subject, wanted,
                max_tokens=decoding.max_tokens, temperature=decoding.temperature,
            )  # fmt: skip
            cache.put({keys[key]: asdict(answer) for key, answer in fresh.items()})
            answers |= fresh
            progress.update(len(fresh))
    return answers


def _window(subject: Subject) -> int | None:
    """Tokens that a sliding-window layer sees, None where every layer sees all."""
    kinds = getattr(subject.model.config, "layer_types", None) or []
    return subject.model.config.sliding_window if "sliding_attention" in kinds else None


def _batches(
    groups: list[list[Branch]], decoding: Decoding, window: int | None
) -> Iterator[list[list[Branch]]]:
    """Whole groups of like length, up to `batch_size` branches a batch.

    A sliding window counts padding as if it were text, so where padding could reach beyond
    the window a branch is asked alone, without padding.
    """
    by_length: dict[bool, list[list[Branch]]] = {True: [], False: []}
    for group in groups:
        longest = max(len(branch.tokens) for branch in group) + decoding.max_tokens
        by_length[window is not None and 2 * longest > window].append(group)
    for group in by_length[True]:
        yield from ([[branch]] for branch in group)
    batch: list[list[Branch]] = []
    for group in sorted(by_length[False], key=lambda g: (shared_prefix(g), str(g[0].key))):
        if batch and sum(map(len, batch)) + len(group) > decoding.batch_size:
            yield batch
            batch = []
        batch.append(group)
    if batch:
        yield batch
