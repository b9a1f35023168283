"""Replies: what a response says of each sample, as it is kept in the cache.

A reply is kept whole, as it was paid for; what the study reads of it (`answer`, in answers) may
change without a new request.
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stages.models.hosted.ask.begun import without_beginning
from stages.models.hosted.ask.orders import BACKEND, Order
from stages.models.hosted.failures import Again
from stages.models.hosted.money import Tokens, text_tokens
from stages.models.questions import Meter

NEAR_TIE = 1e-4  # nats between the two most probable tokens, as for local models
FINISHES = {"stop": "stop", "length": "length", "content_filter": "content_filter"}

Scored = tuple[int, float, bool]
"""where a token ends in the text, in bytes of UTF-8; its log-probability; whether nearly tied"""
Top = list[tuple[str, float]]
"""tokens and their log-probabilities"""
_Said = tuple[str, str, list[Scored] | None, Top | None]


@dataclass(frozen=True)
class Reply:
    """One sample. `tokens` is None where the server gave none that spell the text.

    `top` are the alternatives to the first token of the text, with their log-probabilities.
    """

    text: str
    finish_reason: str
    tokens: list[Scored] | None
    top: Top | None
    meter: Meter


def read(content: bytes, order: Order, prompt_tokens: int) -> dict[int, Reply] | Again:
    """The replies of a response by their place in the order; those that are no answer are absent.

    `prompt_tokens` are counted where the server counts none.
    """
    try:
        response = json.loads(content)
    except (ValueError, RecursionError):
        what = "HTML" if content.lstrip()[:1] == b"<" else "no JSON"
        return Again(f"the response is {what}", made=True)
    return replies_of(response, order.begun, len(order.keys), prompt_tokens)


def replies_of(
    response: Any, begun: str, count: int, prompt_tokens: int
) -> dict[int, Reply] | Again:
    """The same of the JSON of a response to a request of `count` samples, `begun` for it."""
    choices = response.get("choices") if isinstance(response, dict) else None
    if not isinstance(choices, list) or not choices:
        return Again("the response has no choices", made=True, paid=_paid(response))
    spoken: dict[int, _Said] = {}
    for at, choice in enumerate(choices[:count]):
        said = _said(choice, begun)
        told = _count(choice.get("index")) if isinstance(choice, dict) else None
        sound = told is not None and told < count and told not in spoken
        place = told if told is not None and sound else at
        if said is not None and place not in spoken:
            spoken[place] = said
    if not spoken:
        return Again("the response has no text", made=True, paid=_paid(response))
    ordered = sorted(spoken.items())
    usage = _usage(response, [len(tokens or []) for _, (*_, tokens, _) in ordered], prompt_tokens)
    return {
        place: Reply(*said, _meter(response, usage, at, said[0]))
        for at, (place, said) in enumerate(ordered)
    }


def _said(choice: Any, begun: str) -> _Said | None:
    """Text, end, tokens and alternatives of one choice; None where it is no answer."""
    message = choice.get("message") if isinstance(choice, dict) else None
    finish = FINISHES.get(str(choice.get("finish_reason"))) if isinstance(message, dict) else None
    if finish is None or message is None:
        return None
    text = _content(message)
    if text is None:
        return None
    text = without_beginning(_whole(text), begun)
    tokens, top = _scored(choice, text)
    return text, finish, tokens, top


def _content(message: dict[str, Any]) -> str | None:
    """What a message says, None where it is no text.

    Some servers give it in parts, a thought among them: those of type text are the answer.
    """
    content = message.get("content")
    if content is None:
        content = message.get("refusal") or ""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if _is_text(part)]
        known = all(isinstance(part, dict) and "type" in part for part in content)
        content = "".join(parts) if known and all(isinstance(p, str) for p in parts) else None
    return content if isinstance(content, str) else None


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text"


def _scored(choice: dict[str, Any], text: str) -> tuple[list[Scored] | None, Top | None]:
    """The tokens that spell the text, and the alternatives to the first of them.

    llama.cpp leaves out a token that a stop mark cut: then the rest do not spell the text.
    """
    try:
        content = choice["logprobs"]["content"]
        pieces = [_piece(one) for one in content]
        logprobs = [float(one["logprob"]) for one in content]
        tops = [
            [(str(o["token"]), float(o["logprob"])) for o in one.get("top_logprobs") or []]
            for one in content
        ]
        scores = [logprob for top in tops for _, logprob in top]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None, None
    whole, said = b"".join(pieces), text.encode()
    begins = 0 if whole.startswith(said) else whole.rfind(said)
    sound = all(map(math.isfinite, logprobs)) and not any(map(math.isnan, scores))
    if begins < 0 and sound and whole and said.startswith(whole):
        return None, next(top for top, piece in zip(tops, pieces, strict=True) if piece) or None
    if begins < 0 or not said or not sound:
        return None, None
    tokens: list[Scored] = []
    first = None
    end = -begins
    for at, piece in enumerate(pieces):
        starts, end = end, end + len(piece)
        if end > 0 and starts < len(said) and piece:
            first = at if first is None else first
            tokens.append((end, round(logprobs[at], 4), _near_tie(tops[at])))
    top = [] if first is None else [(_whole(token), logprob) for token, logprob in tops[first]]
    return tokens, top or None


def _piece(token: dict[str, Any]) -> bytes:
    """What a token spells; half a character has bytes alone."""
    spelled = token.get("bytes")
    return bytes(spelled) if isinstance(spelled, list) else str(token["token"]).encode()


def _whole(text: str) -> str:
    """The text with a mark in place of half characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _near_tie(top: list[tuple[str, float]]) -> bool:
    best = sorted((logprob for _, logprob in top), reverse=True)[:2]
    return len(best) == 2 and best[0] - best[1] < NEAR_TIE


def _usage(
    response: dict[str, Any], shown: list[int], prompt_tokens: int
) -> tuple[int, int, list[int] | None]:
    """Tokens of the prompt, cached ones among them, those of each choice; None: not counted.

    `shown` are the tokens that each choice has log-probabilities of: llama.cpp counts those of
    one choice alone.
    """
    usage = response.get("usage")
    if not isinstance(usage, dict):
        return prompt_tokens, 0, None
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    prompt, whole = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    if prompt is None or whole is None:
        return prompt_tokens, 0, None
    count = len(shown)
    each = [whole // count + (i < whole % count) for i in range(count)]
    return prompt, min(cached or 0, prompt), shown if sum(shown) > whole else each


def _paid(response: Any) -> Tokens | None:
    """What a response without an answer took; None: not counted."""
    prompt, cached, each = _usage(response, [0], 0) if isinstance(response, dict) else (0, 0, None)
    return None if each is None else Tokens(prompt, cached, sum(each))


def _count(value: Any) -> int | None:
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return int(value) if sound else None


def _meter(
    response: dict[str, Any], usage: tuple[int, int, list[int] | None], at: int, text: str
) -> Meter:
    prompt, cached, each = usage
    fingerprint, created = response.get("system_fingerprint"), _count(response.get("created"))
    day = datetime.fromtimestamp(created, UTC) if created else datetime.now(UTC)
    return Meter(
        BACKEND,
        _whole(str(fingerprint)[:100]) if fingerprint else None,
        day.date().isoformat(),
        0 if at else prompt,
        0 if at else cached,
        each[at] if each else text_tokens(text),
        None,
        each is None,
    )
