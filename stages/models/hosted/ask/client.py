"""The client: one request at a time to one server.

The openai package writes one request, and all others are sent under the same head: what it does
anew for each of them costs three times as much as sending it. Whether a request is sent again is
decided in one place (stages.models.hosted.ask.trying).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import aiohttp
import httpx2
from openai import AsyncOpenAI

from stages.models.hosted.connection import CONNECTING, client_options, proxy, trusted
from stages.models.hosted.failures import Failure, of_exception, of_status
from stages.models.hosted.identity import Host

ITS_OWN = ("host", "connection", "content-length", "accept-encoding")
"""headers that aiohttp writes by itself"""


@dataclass(frozen=True)
class Received:
    """What came back with 200."""

    content: bytes


class Client:
    """Open while its `async with` lasts. Raises StudyError where there is no way to the server."""

    def __init__(self, host: Host, timeout: float) -> None:
        self.host, self.timeout = host, timeout

    async def __aenter__(self) -> Client:
        written = await _written(self.host, self.timeout)
        self._url = str(written.url)
        # Not those of the session, which would be told to a proxy, too.
        self._head = [pair for pair in written.headers.items() if pair[0] not in ITS_OWN]
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=trusted(self.host)),
            proxy=proxy(self.host),
            timeout=aiohttp.ClientTimeout(
                sock_connect=min(self.timeout, CONNECTING), sock_read=self.timeout
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def send(self, body: Mapping[str, Any]) -> Received | Failure:
        """What comes of a request for chat completions."""
        data = json.dumps(body, separators=(",", ":")).encode()
        try:
            async with self._session.post(
                self._url, data=data, headers=self._head, allow_redirects=False
            ) as response:
                content = await response.read()
        except (aiohttp.ClientError, OSError) as error:
            return of_exception(self.host, error)
        if response.status == 200:
            return Received(content)
        return of_status(self.host, response.status, response.headers, content, body)


async def _written(host: Host, timeout: float) -> httpx2.Request:
    """A request as the openai package writes it; it is not sent."""
    written: list[httpx2.Request] = []

    def keep(request: httpx2.Request) -> httpx2.Response:
        written.append(request)
        return httpx2.Response(200)

    nowhere = httpx2.AsyncClient(transport=httpx2.MockTransport(keep))
    async with AsyncOpenAI(**client_options(host, timeout), http_client=nowhere) as client:
        await client.post(host.chat_path, cast_to=httpx2.Response, body={})
    return written[0]
