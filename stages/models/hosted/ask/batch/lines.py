"""Requests as the lines of a file, and what the lines that come back say."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stages.models.hosted.ask.orders import Order, answer_tokens, body
from stages.models.hosted.ask.payment import prompt_tokens
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.identity import Host
from stages.models.hosted.money import Tokens, most_tokens

MOST_LINES = 50_000  # requests of a batch at OpenAI
MOST_BYTES = 190_000_000  # of its file: OpenAI takes 200 MB


@dataclass(frozen=True)
class Chunk:
    """The file of one batch. `keys` are those of the answers of each line, whose id is the first.

    `likely` and `most` are tokens: about what it takes, with answers of full length, and at most.
    """

    content: bytes
    keys: list[list[str]]
    likely: Tokens
    most: Tokens


@dataclass(frozen=True)
class Line:
    """What came back for one request: a response, or a status of 0 and why there is none."""

    status: int
    body: Any
    code: str
    why: str


def address(host: Host) -> str:
    """Where the lines ask; Azure's deployments say it without a version."""
    return "/chat/completions" if host.api_version else "/v1/chat/completions"


def first_chunk(hosted: Hosted, orders: Sequence[Order], most_lines: int) -> Chunk:
    """As many orders as one batch takes, from the first on."""
    lines: list[bytes] = []
    keys: list[list[str]] = []
    size, likely, most = 0, Tokens(), Tokens()
    for order in _single(hosted, orders):
        request = {"method": "POST", "url": address(hosted.host), "body": body(hosted, order)}
        line = json.dumps({"custom_id": order.keys[0].content, **request}).encode() + b"\n"
        size += len(line)
        if lines and (len(lines) >= most_lines or size > MOST_BYTES):
            break
        lines.append(line)
        keys.append([key.content for key in order.keys])
        answer = answer_tokens(hosted, order)
        likely += Tokens(prompt=prompt_tokens(order), answer=answer)
        most += Tokens(prompt=most_tokens(order.messages), answer=answer)
    return Chunk(b"".join(lines), keys, likely, most)


def _single(hosted: Hosted, orders: Sequence[Order]) -> Iterator[Order]:
    """The orders; those of several samples each by itself where the server cannot `n`."""
    for order in orders:
        if len(order.keys) == 1 or hosted.abilities.n:
            yield order
        else:
            yield from order.parts(range(len(order.keys)))


def read_lines(*files: bytes) -> dict[str, list[Line]]:
    """The lines of output and error file by their custom_id; what is no line is left out."""
    found: dict[str, list[Line]] = {}
    for line in b"\n".join(files).splitlines():
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(told, dict) and isinstance(told.get("custom_id"), str):
            found.setdefault(told["custom_id"], []).append(_line(told))
    return found


def _line(told: dict[str, Any]) -> Line:
    response, error = told.get("response"), told.get("error")
    status = response.get("status_code") if isinstance(response, dict) else None
    if isinstance(response, dict) and isinstance(status, int) and status > 0:
        return Line(status, response.get("body"), "", "")
    code, why = (
        (str(error.get("code")), str(error.get("message") or error.get("code")))
        if isinstance(error, dict)
        else ("", "its line has no response")
    )
    return Line(0, None, code, why)
