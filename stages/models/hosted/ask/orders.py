"""What is asked for: questions as keys of the cache, and those that it lacks as requests.

Samples of one conversation are one request where the server takes `n`. It draws the i-th of them
by seed + i, so the seeds of a conversation lie side by side and those of others far off: more
samples than before ask only for those that are new.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stages.models.chat import Message
from stages.models.hosted.abilities import CONTINUE, MOST_STOPS
from stages.models.hosted.ask.begun import as_sent, beginning
from stages.models.hosted.hosted import Hosted
from stages.models.questions import Decoding, Key, Question
from stages.storage.keys import digest
from stages.storage.response_cache import AnswerKey

BACKEND = "openai"
WIRE = (
    1  # raised by hand when answers mean something else: all of them are then asked and paid anew
)
SPACING = 1024  # seeds of one conversation; params allow 1,000 samples
SEEDS = 2**31  # those that every server takes
CLOSED_TOP = 20  # alternatives to the first token of an answer of a closed set: OpenAI's most
OPEN_TOP = 2  # those that tell a near tie


@dataclass(frozen=True)
class Placed:
    """A question with the key of its answer; `seed` is None where nothing is drawn.

    `messages` are those that are sent; `begun` is the beginning of the answer, which a reply may
    repeat.
    """

    question: Question
    messages: list[Message]
    begun: str
    key: AnswerKey
    seed: int | None
    top: int


@dataclass(frozen=True)
class Order:
    """One request: as many samples as keys, drawn by `seed` and those after it.

    `begun` is taken off replies that repeat it.
    """

    messages: list[Message]
    keys: tuple[AnswerKey, ...]
    seed: int | None
    top: int
    decoding: Decoding
    begun: str = ""

    def parts(self, places: Iterable[int]) -> list["Order"]:
        """Those of its samples, each alone."""
        return [
            replace(
                self,
                keys=(self.keys[i],),
                seed=None if self.seed is None else self.seed + i,
            )
            for i in places
        ]


def placed(hosted: Hosted, questions: Sequence[Question], decoding: Decoding) -> list[Placed]:
    """The questions in their order; samples of one conversation have seeds in a row.

    What the server's prefill is must be known where an answer is begun: it decides what is sent.
    """
    in_words = hosted.abilities.prefill == "none"
    counts: dict[tuple[Key, str], int] = {}
    bases: dict[tuple[Key, str], int] = {}
    found = []
    for question in questions:
        messages = as_sent(question.messages, in_words=in_words)
        said = digest(messages)
        whose = question.group, said
        at = counts[whose] = counts.get(whose, -1) + 1
        base = bases.setdefault(whose, question.seed % SEEDS // SPACING * SPACING)
        seed = base + at % SPACING if decoding.temperature else None
        top = CLOSED_TOP if question.closed else OPEN_TOP
        key = answer_key(hosted, question.key, said, decoding, seed, top)
        begun = "" if hosted.abilities.prefill == "rest" else beginning(question.messages)
        found.append(Placed(question, messages, begun, key, seed, top))
    return found


def answer_key(
    hosted: Hosted, question: Key, said: str, decoding: Decoding, seed: int | None, top: int
) -> AnswerKey:
    """The key of one answer; `said` is a hash of the messages."""
    host = hosted.host
    shared = {"backend": BACKEND, "model": host.model, "host": host.host, "wire": WIRE}
    how = {
        "max_tokens": decoding.max_tokens,
        "thinking_tokens": hosted.chat.thinking_tokens,
        "temperature": decoding.temperature,
        "stop": list(hosted.stop),
        "logprobs": top,
        "extra_body": hosted.chat.extra_body,
    }
    own = {"messages": said, "decoding": how, "seed": seed}
    return AnswerKey(hosted.name, question, shared, own)


def orders(hosted: Hosted, lacking: Sequence[Placed], decoding: Decoding) -> list[Order]:
    """The requests for answers that are lacking; each answer is asked for once."""
    once: dict[str, Placed] = {}
    for one in lacking:
        once.setdefault(one.key.content, one)
    runs: list[list[Placed]] = []
    for one in once.values():
        if runs and hosted.abilities.n and _goes_on(runs[-1][-1], one):
            runs[-1].append(one)
        else:
            runs.append([one])
    return [
        Order(one.messages, tuple(p.key for p in run), one.seed, one.top, decoding, one.begun)
        for run in runs
        for one in run[:1]
    ]


def _goes_on(before: Placed, one: Placed) -> bool:
    """Whether one request gives both: the same conversation, drawn by the next seed."""
    if before.seed is None or one.seed != before.seed + 1:
        return False
    same = before.top == one.top and before.question.group == one.question.group
    return same and before.messages == one.messages


def longest(hosted: Hosted, decoding: Decoding) -> int:
    """The most tokens of one answer, its thought among them."""
    return decoding.max_tokens + hosted.chat.thinking_tokens


def answer_tokens(hosted: Hosted, order: Order) -> int:
    """The most that the answers of an order can take."""
    return len(order.keys) * longest(hosted, order.decoding)


def body(hosted: Hosted, order: Order) -> dict[str, Any]:
    """The request itself, with what the server is known to take."""
    can, chat, how = hosted.abilities, hosted.chat, order.decoding
    asked: dict[str, Any] = {
        "model": hosted.host.sent_as,
        "messages": order.messages,
        can.limit: longest(hosted, how),
    }
    if can.temperature:
        asked["temperature"] = how.temperature
    if len(order.keys) > 1:
        asked["n"] = len(order.keys)
    if can.seed and order.seed is not None:
        asked["seed"] = order.seed
    if can.stop and hosted.stop:  # the rest is cut when the answer is read
        asked["stop"] = list(hosted.stop[:MOST_STOPS])
    if can.logprobs:
        asked["logprobs"] = True
        if top := min(order.top, can.top):
            asked["top_logprobs"] = top
    if order.messages[-1]["role"] == "assistant" and can.continues:
        asked |= dict(zip(CONTINUE, (True, False), strict=True))
    return asked | chat.extra_body
