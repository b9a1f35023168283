"""What a subject is asked, and what comes back, whichever way it is reached."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stages.models.chat import Message

Key = tuple[Any, ...]
"""of a question, whatever its asker tells its questions apart by"""


@dataclass(frozen=True)
class Until:
    """When what is wanted of an answer is decided.

    `rule` has all that `decided` goes by, as JSON values: it stands in the key of the answer,
    beside the source of the modules that cut (CUTTING in stages.models.local.keys).
    """

    rule: Any
    decided: Callable[[str], bool]


@dataclass(frozen=True)
class Question:
    """One prompt; those of one `group` share a prefix. `seed` decides a sample's draws.

    `until` cuts the answer where it is decided. `closed` has the spellings of each answer of a
    closed set, which are scored; with `score_only` the most probable one is the answer, unless
    first tokens do not tell the answers apart: then it is generated.
    """

    key: Key
    group: Key
    messages: list[Message]
    seed: int = 0
    until: Until | None = None
    closed: Mapping[str, tuple[str, ...]] | None = None
    score_only: bool = False


@dataclass(frozen=True)
class Decoding:
    """How answers are made; `max_tokens` counts new tokens, the end mark included.

    `budget` is the number of tokens in work at once, by the machine's memory where it is None.
    """

    max_tokens: int
    temperature: float = 0.0
    budget: int | None = None


@dataclass(frozen=True)
class Meter:
    """What a hosted answer took: tokens, by the server's count or, `estimated`, by its text.

    The prompt of several samples that were asked for at once is counted with the first of them.
    `date` is the day (YYYY-MM-DD) of the answer; cost_usd is None where no price is told. It is
    paid as one of a `batch`, or as one that was asked for by itself.
    """

    backend: str
    system_fingerprint: str | None
    date: str
    prompt_tokens: int
    cached_tokens: int
    answer_tokens: int
    cost_usd: float | None
    estimated: bool
    batch: bool = False


METERED = (
    *("backend", "system_fingerprint", "date"),
    *("prompt_tokens", "cached_tokens", "answer_tokens", "cost_usd", "estimated"),
)
"""columns of behavior and predictions: what is metered of a hosted answer, none of a local one"""


def metered(meter: Meter | None) -> dict[str, Any]:
    """These columns of one answer."""
    return {name: meter and getattr(meter, name) for name in METERED}


@dataclass(frozen=True)
class Answer:
    """What came back. Log-probabilities are nats under the model itself, at temperature 1.

    finish_reason: stop, length, decided (cut early), scored, content_filter, or error: there is
    no answer. Log-probabilities are None where a server gives none.
    """

    text: str
    finish_reason: str
    first_token_logprob: float | None
    logprob: float | None  # of all its tokens, an end mark that was reached included
    near_tie: bool  # two tokens were nearly chosen alike: another machine or batch may differ
    distribution: dict[str, float] | None  # probability of each closed answer's first tokens
    distribution_from: Literal["samples"] | None = None  # where it is no exact one
    meter: Meter | None = None
