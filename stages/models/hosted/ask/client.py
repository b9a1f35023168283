"""The client: one request at a time to one server, through the openai package over aiohttp.

The package's own retries are off: a request that is sent twice may be paid for twice, so whether
it is decided in one place (stages.models.hosted.ask.sending). What comes back is taken as bytes,
which costs a quarter of what the package's own objects do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx2
from openai import APIStatusError, AsyncOpenAI, DefaultAioHttpClient, OpenAIError, omit

from stages.models.hosted.failures import Failure, of_exception, of_status
from stages.models.hosted.identity import Host
from stages.models.hosted.limiter import MOST
from stages.models.hosted.section import is_loopback

CONNECTING = 30.0  # seconds


@dataclass(frozen=True)
class Received:
    """What came back with 200."""

    content: bytes


class Client:
    """Open while its `async with` lasts; proxies and certificates are the environment's."""

    def __init__(self, host: Host, timeout: float) -> None:
        self.host = host
        every = httpx2.Timeout(timeout, connect=min(timeout, CONNECTING), pool=None)
        own = urlsplit(host.base_url).hostname == "api.openai.com"
        # What the environment says of OpenAI's organization is nobody else's.
        others = () if own else ("OpenAI-Organization", "OpenAI-Project")
        headers: dict[str, Any] = {**dict.fromkeys(others, omit), **host.headers()}
        self._client = AsyncOpenAI(
            api_key=host.key(),
            base_url=host.base_url,
            max_retries=0,
            timeout=every,
            default_headers=headers,
            default_query={"api-version": host.api_version} if host.api_version else None,
            http_client=DefaultAioHttpClient(
                timeout=every,
                limits=httpx2.Limits(max_connections=MOST),
                follow_redirects=False,  # a key goes to no other host
                mounts=_past_proxies(host),
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
                "/chat/completions", cast_to=httpx2.Response, body=dict(body)
            )
        except APIStatusError as error:
            response = error.response
        except (OpenAIError, httpx2.HTTPError, aiohttp.ClientError, OSError) as error:
            return of_exception(self.host, error)
        if response.status_code == 200:
            return Received(response.content)
        return of_status(self.host, response.status_code, response.headers, response.content, body)


def _past_proxies(host: Host) -> dict[str, None]:
    """This machine is reached without a proxy, whatever the environment says."""
    name = urlsplit(host.base_url).hostname or ""
    return {f"all://{name}": None} if is_loopback(host.base_url) else {}
