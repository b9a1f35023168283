"""Faults on demand: by the number of a request, or for a share of them that a seed draws.

A fault takes the request and its handler. Most never call the handler: nothing is answered and
nothing is billed. `cut`, `slow` and the ones that garble an answer call it first: the answer was
made and paid for, and is lost on the way.
"""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.hosted.standin.server import Handler, Reply, Request, error


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a request; `billed` where the answer was made before it was lost."""

    name: str
    reply: Callable[[Request, Handler], Reply]
    billed: bool = False


class Faults:
    """By number, counted among the requests of `path` from 1; the rest by `share`, drawn by seed.

    Numbers follow the order of arrival.
    """

    def __init__(
        self,
        by_number: Mapping[int, Fault] | None = None,
        *,
        path: str = "/v1/chat/completions",
        share: float = 0.0,
        kinds: tuple[Fault, ...] = (),
        seed: int = 0,
    ) -> None:
        self.by_number, self.path = dict(by_number or {}), path
        self.share, self.kinds, self.random = share, kinds, random.Random(seed)
        self.count, self.lock = 0, threading.Lock()

    def __call__(self, request: Request, handler: Handler) -> tuple[Reply, str | None]:
        fault = self._drawn() if request.path == self.path else None
        return (fault.reply(request, handler), fault.name) if fault else (handler(request), None)

    def _drawn(self) -> Fault | None:
        with self.lock:
            self.count += 1
            drawn = self.kinds and self.random.random() < self.share
            other = self.random.choice(self.kinds) if drawn else None
            return self.by_number.get(self.count, other)


def _instead(name: str, reply: Reply) -> Fault:
    return Fault(name, lambda request, handler: reply)


def _garbled(name: str, change: Callable[[Any], Any]) -> Fault:
    """The answer is made, and its JSON changed on the way."""

    def reply(request: Request, handler: Handler) -> Reply:
        answer = handler(request)
        return replace(answer, body=change(answer.body)) if answer.status == 200 else answer

    return Fault(name, reply, billed=True)


def too_many(retry_after: float | str | None = None) -> Fault:
    """429; with Retry-After in seconds or as a date where it is given."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    told = "Rate limit reached for requests per minute. Please try again."
    return _instead("429", error(429, told, code="rate_limit_exceeded", headers=headers))


def quota() -> Fault:
    """429, and it will stay so."""
    told = "You exceeded your current quota, please check your plan and billing details."
    return _instead("quota", error(429, told, type="insufficient_quota", code="insufficient_quota"))


def broken(status: int = 500, retry_after: float | None = None) -> Fault:
    """A server's error: 500, 502, 503, 529."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    told = "The server had an error while processing your request."
    return _instead(str(status), error(status, told, headers=headers))


def html() -> Fault:
    """A page of a proxy, with 200."""
    page = b"<!DOCTYPE html><html><body>Please sign in</body></html>"
    return _instead("html", Reply(page, headers={"content-type": "text/html"}))


def malformed() -> Fault:
    """JSON that ends in the middle, whole for HTTP."""

    def reply(request: Request, handler: Handler) -> Reply:
        answer = handler(request)
        return replace(answer, body=answer.content[: len(answer.content) // 2])

    return Fault("malformed", reply, billed=True)


def choices(value: Any) -> Fault:
    """`choices` null, empty or anything else."""
    return _garbled("choices", lambda body: {**body, "choices": value})


def too_few() -> Fault:
    """One choice less than was asked for."""
    return _garbled("too_few", lambda body: {**body, "choices": body["choices"][:-1]})


def filtered() -> Fault:
    """The first choice is cut by a content filter."""

    def change(body: Any) -> Any:
        first, *rest = body["choices"]
        message = {**first["message"], "content": ""}
        cut = {**first, "message": message, "finish_reason": "content_filter"}
        return {**body, "choices": [cut, *rest]}

    return _garbled("filtered", change)


def cut(after: int = 20) -> Fault:
    """The answer is made; the connection ends after some bytes of it, -1: before any."""

    def reply(request: Request, handler: Handler) -> Reply:
        return replace(handler(request), cut=after)

    return Fault("cut", reply, billed=True)


def slow(seconds: float) -> Fault:
    """The answer is made and comes late."""

    def reply(request: Request, handler: Handler) -> Reply:
        return replace(handler(request), delay=seconds)

    return Fault("slow", reply, billed=True)


def refused(status: int, message: str, **more: Any) -> Fault:
    """Any error that names what is wrong: 400 with `param`, 401, 403, 404."""
    return _instead(f"refused {status}", error(status, message, **more))
