"""Requests to a server's files, jobs and batches.

Reads are tried again. A write is only tried again where it surely did nothing: what was lost on
the way may have been done, so who asked looks for it first (`LostError`).
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import httpx2
import openai

from stages.models.hosted.connection import client_options, transport_options
from stages.models.hosted.failures import QUOTA, Again, Ends, message, of_exception, of_status
from stages.models.hosted.identity import Host
from stages.storage.errors import StudyError

TIMEOUT = 120.0  # seconds for one request: an upload has some megabytes
ABSENT = (404, 405, 501)
FILES = "/files"
Purpose = Literal["fine-tune", "batch"]
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """Seconds between what is asked again: from `first` on twice as long each time."""

    first: float = 1.0
    longest: float = 60.0
    tries: int = 14  # with these numbers ten minutes
    poll: float = 5.0  # the first wait for a job; later ones are up to `longest`

    def wait(self, attempt: int, after: float | None = None) -> None:
        time.sleep(min(self.longest, self.first * 2**attempt) if after is None else after)


USUAL = Pace()


class LostError(Exception):
    """A write may have been done or not; the text says what came instead of an answer."""


class RefusedError(Exception):
    """A request was surely not done; `absent` where the server has no such address."""

    def __init__(self, why: str, status: int, said: str) -> None:
        super().__init__(why)
        self.status, self.said, self.absent = status, said, status in ABSENT


class Door:
    """The way to one server; its key is read from the environment as it opens."""

    def __init__(self, host: Host, pace: Pace) -> None:
        self.host, self.pace = host, pace
        self.client = openai.OpenAI(
            **client_options(host, TIMEOUT),
            http_client=openai.DefaultHttpxClient(**transport_options(host, TIMEOUT)),
        )

    def __enter__(self) -> "Door":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What is there. Raises RefusedError, and StudyError where it cannot be had in time."""
        return self._asked(lambda: self._got(path, query), f"GET {path}", write=False)

    def create(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What was made. Raises LostError, RefusedError, StudyError."""
        return self._asked(
            lambda: self.client.post(path, body=dict(body), cast_to=httpx2.Response),
            f"POST {path}",
            write=True,
        )

    def upload(self, name: str, content: bytes, purpose: Purpose) -> dict[str, Any]:
        """The file that was made. Raises LostError, RefusedError, StudyError."""
        return self._asked(
            lambda: (
                self.client.files.with_raw_response.create(
                    file=(name, content, "application/jsonl"), purpose=purpose
                ).http_response
            ),
            "POST /files",
            write=True,
        )

    def download(self, file: str) -> bytes:
        """What a file holds. Raises RefusedError, and StudyError where it cannot be had in time."""
        path = f"{FILES}/{file}/content"
        return self._tries(lambda: self._got(path, None), f"GET {path}", _bytes, write=False)

    def _got(self, path: str, query: Mapping[str, Any] | None) -> httpx2.Response:
        return self.client.get(path, options={"params": dict(query or {})}, cast_to=httpx2.Response)

    def _asked(
        self, send: Callable[[], httpx2.Response], what: str, *, write: bool
    ) -> dict[str, Any]:
        return self._tries(send, what, self._object, write=write)

    def _tries(
        self,
        send: Callable[[], httpx2.Response],
        what: str,
        read: Callable[[httpx2.Response], T | Again],
        *,
        write: bool,
    ) -> T:
        why = ""
        for attempt in range(self.pace.tries):
            found = self._tried(send, what, read)
            if not isinstance(found, Again):
                return found
            why = found.why
            if write and not found.limited:  # of 429 alone it is sure that nothing was done
                raise LostError(why)
            log.info(f"{self.host.name}: {what}: {why}; tried again")
            self.pace.wait(attempt, found.after)
        raise StudyError(
            f"models.{self.host.name}: {what} at {self.host.base_url}: {why}, "
            f"{self.pace.tries} times; nothing is lost: give the same command again later"
        )

    def _tried(
        self,
        send: Callable[[], httpx2.Response],
        what: str,
        read: Callable[[httpx2.Response], T | Again],
    ) -> T | Again:
        """What came of one request; raises where it need not be tried again."""
        try:
            response = send()
        except openai.APIStatusError as error:
            response = error.response
        except openai.APIConnectionError as error:
            failure = of_exception(self.host, error)
            if isinstance(failure, Ends):
                raise StudyError(f"models.{self.host.name}: {what}: {failure.why}") from error
            return failure
        if 200 <= response.status_code < 300:
            return read(response)
        return self._refusal(response, what)

    def _object(self, response: httpx2.Response) -> dict[str, Any] | Again:
        try:
            found = json.loads(response.content)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        said = self.host.told(response.content[:200].decode("utf-8", "replace"))
        return Again(f"{response.status_code} that is no JSON object: {said}")

    def _refusal(self, response: httpx2.Response, what: str) -> Again:
        status, content = response.status_code, response.content
        text = content[:20_000].decode("utf-8", "replace")
        if status not in ABSENT and not (status == 403 and not QUOTA.search(text)):
            failure = of_status(self.host, status, response.headers, content, {})
            if isinstance(failure, Again):
                return failure
            if isinstance(failure, Ends):
                raise StudyError(f"models.{self.host.name}: {what}: {failure.why}")
        raise RefusedError(f"{status}: {self.host.told(message(text) or text)}", status, text)


def _bytes(response: httpx2.Response) -> bytes:
    return response.content
