"""Sampling behavior: what a subject answers to object-level prompts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stages.models.protocol import Subject
from stages.models.questions import Decoding, Question, Until, metered
from stages.models.section import SamplingParams
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.decided import decides
from stages.study.design import Design
from stages.study.prompts import asked_properties
from stages.study.properties import PROPERTIES
from stages.study.splits import rng


def object_questions(
    inputs: Sequence[Row], *, seed: int, n_samples: int = 1, cut_for: Sequence[str] | None = None
) -> list[Question]:
    """The prompts of inputs, each `n_samples` times.

    An answer is cut where each of the properties `cut_for` that is asked about its input is
    decided; None keeps whole answers.
    """
    return [
        Question(
            (row["input_id"], n),
            (row["input_id"],),
            row["object_prompt"],
            rng(seed, row["input_id"], n).getrandbits(63),
            None if cut_for is None else _until(row, cut_for),
        )
        for row in inputs
        for n in range(n_samples)
    ]


def sample(
    subject: Subject,
    inputs: Sequence[Row],
    decoding: Decoding,
    cache: ResponseCache,
    *,
    seed: int,
    n_samples: int = 1,
    cut_for: Sequence[str] | None = None,
    label: str = "",
) -> Iterator[Row]:
    """Behavior rows, but for their training seed, of `inputs`: rows of a tasks table."""
    questions = object_questions(inputs, seed=seed, n_samples=n_samples, cut_for=cut_for)
    tasks = {row["input_id"]: row["task"] for row in inputs}
    answers = subject.ask(questions, decoding, cache, f"{subject.name} {label}".strip())
    for (key, n), answer in sorted(answers.items()):
        yield {
            "input_id": key,
            "task": tasks[key],
            "sample": n,
            "response": answer.text,
            "finish_reason": answer.finish_reason,
            "first_token_logprob": answer.first_token_logprob,
            "near_tie": answer.near_tie,
            "fingerprint": subject.fingerprint,
            **metered(answer.meter),
        }


def sampled(
    subject: Subject,
    inputs: Sequence[Row],
    design: Design,
    rule: SamplingParams,
    cache: ResponseCache,
    label: str = "",
) -> Iterator[Row]:
    """What a subject does on inputs, sampled as the main study samples it."""
    return sample(
        subject,
        inputs,
        Decoding(rule.max_tokens, rule.temperature),
        cache,
        seed=design.seed,
        n_samples=rule.n_samples,
        cut_for=design.properties if rule.stop_when_decided else None,
        label=label,
    )


def announce_behavior(
    subject: Subject,
    inputs: Sequence[Row],
    design: Design,
    rule: SamplingParams,
    cache: ResponseCache,
) -> None:
    """Tell a subject of all inputs that it will be sampled on, by `sampled`."""
    questions = object_questions(
        inputs,
        seed=design.seed,
        n_samples=rule.n_samples,
        cut_for=design.properties if rule.stop_when_decided else None,
    )
    decoding = Decoding(rule.max_tokens, rule.temperature)
    subject.announce(questions, decoding, cache, subject.name)


def embeddings(subject: Subject, inputs: Sequence[Row]) -> Iterator[Row]:
    """A row of an embeddings table for each input; none of a subject that has no hidden states."""
    found = subject.embedded(object_questions(inputs, seed=0))
    for (key, _), values in sorted(found.items()):
        yield {"input_id": key, "values": values}


def _until(item: Mapping[str, Any], names: Sequence[str]) -> Until:
    """An answer is decided when every property that is asked of it is."""
    return until_decided(asked_properties(item, names), item["family"])


def until_decided(names: Sequence[str], family: str) -> Until:
    """An answer to a task of `family` is cut where all properties in `names` are decided."""
    reads = {name: PROPERTIES[name].reads for name in sorted(names)}
    return Until({"family": family, "reads": reads}, decides(names, family))
