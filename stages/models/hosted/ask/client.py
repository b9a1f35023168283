"""The client: one request at a time to one server, through the openai package over aiohttp.

Whether a request is sent again is decided in one place (stages.models.hosted.ask.trying). What
comes back is taken as bytes, which costs a quarter of what the package's own objects do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import aiohttp
import httpx2
from openai import APIStatusError, AsyncOpenAI, DefaultAioHttpClient, OpenAIError

from stages.models.hosted.connection import client_options, transport_options
from stages.models.hosted.failures import Failure, of_exception, of_status
from stages.models.hosted.identity import Host
from stages.models.hosted.limiter import MOST


@dataclass(frozen=True)
class Received:
    """What came back with 200."""

    content: bytes


class Client:
    """Open while its `async with` lasts; proxies and certificates are the environment's."""

    def __init__(self, host: Host, timeout: float) -> None:
        self.host = host
        transport = transport_options(host, timeout)
        self._client = AsyncOpenAI(
            **client_options(host, timeout),
            http_client=DefaultAioHttpClient(
                limits=httpx2.Limits(max_connections=MOST), **transport
            ),
        )

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close()

    async def send(self, body: Mapping[str, Any]) -> Received | Failure:
        """What comes of a request for chat completions."""
        try:
            response = await self._client.post(
                self.host.chat_path, cast_to=httpx2.Response, body=dict(body)
            )
        except APIStatusError as error:
            response = error.response
        except (OpenAIError, httpx2.HTTPError, aiohttp.ClientError, OSError) as error:
            return of_exception(self.host, error)
        if response.status_code == 200:
            return Received(response.content)
        return of_status(self.host, response.status_code, response.headers, response.content, body)
