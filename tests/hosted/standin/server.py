"""The server: it gives each request to the handler of its route, and writes down what came of it.

    chat = Chat()
    with Server(chat.routes, faults=Faults({3: too_many(retry_after=1)})) as server:
        ...  # server.url + "/v1" is a base_url; server.log has every request in order of arrival

`python -m tests.hosted.standin.server` serves until it is stopped, for tests that need a process.
"""

import argparse
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What arrived. `number` counts from 1 in order of arrival; `id` fills the route's {id}."""

    number: int
    method: str
    path: str  # without the query
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    id: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What is sent. A body that is not bytes is sent as JSON.

    `delay` is in seconds. `cut` closes the connection after so many bytes of the body; with -1
    nothing is sent at all.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Handler = Callable[[Request], Reply]
Routes = Mapping[tuple[str, str], Handler]
"""by method and path, such as ("GET", "/v1/files/{id}/content")"""


@dataclass(frozen=True)
class Entry:
    """A line of the log: what arrived, what was sent, the name of a fault or None."""

    request: Request
    reply: Reply
    fault: str | None


Faulty = Callable[[Request, Handler], tuple[Reply, str | None]]
"""what a server does in place of calling the handler: its reply, and the fault's name"""


def error(status: int, message: str, **more: Any) -> Reply:
    """An error as OpenAI words it; `headers` are the reply's, the rest (param, code) its own."""
    headers = more.pop("headers", {})
    told = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return Reply({"error": {**told, **more}}, status, headers)


class Server:
    """Serves routes on a port of loopback while its `with` lasts.

    `log` has what was answered, in order of arrival; `most_in_flight` the greatest number of
    requests that were there at once. `faults` and `latency` (seconds) may be changed at any time.
    """

    def __init__(
        self,
        *routes: Routes,
        faults: Faulty | None = None,
        latency: float = 0.0,
        key: str | None = None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """With `key`, a request that does not bear it is refused (401); with `tls`, it is https."""
        self.routes = [
            (method, re.compile(re.sub(r"\\{id\\}", "(?P<id>[^/]+)", re.escape(path))), handler)
            for table in routes
            for (method, path), handler in table.items()
        ]
        self.faults, self.latency, self.key, self.port = faults, latency, key, port
        self.tls = tls
        self.entries: dict[int, Entry] = {}
        self.arrived = self.in_flight = self.most_in_flight = 0
        self.lock, self.closing = threading.Lock(), threading.Event()

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    @property
    def log(self) -> list[Entry]:
        with self.lock:
            return [self.entries[number] for number in sorted(self.entries)]

    def __enter__(self) -> "Server":
        self.http = _Http(("127.0.0.1", self.port), _handler(self))
        self.port = self.http.server_address[1]
        if self.tls is not None:
            self.http.socket = self.tls.wrap_socket(
                self.http.socket, server_side=True, do_handshake_on_connect=False
            )
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The reply to one request, which is in the log before any of it is sent."""
        with self.lock:
            self.arrived += 1
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            number = self.arrived
        split = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        request = Request(number, method, split.path, query, headers, body)
        try:
            reply, fault = self._reply(request)
            with self.lock:
                self.entries[number] = Entry(request, reply, fault)
            self.closing.wait(self.latency + reply.delay)
            return reply
        finally:
            with self.lock:
                self.in_flight -= 1

    def _reply(self, request: Request) -> tuple[Reply, str | None]:
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return error(401, "Incorrect API key provided: sk-...", code="invalid_api_key"), None
        for method, path, handler in self.routes:
            found = path.fullmatch(request.path)
            if method == request.method and found:
                named = Request(**{**vars(request), **found.groupdict()})
                return self.faults(named, handler) if self.faults else (handler(named), None)
        return Reply({"detail": "Not Found"}, 404), None


class _Http(ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is none of the server's errors."""


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.answer(self.command, self.path, headers, self.rfile.read(length))
            self._send(reply)

        do_GET = do_DELETE = do_POST

        def _send(self, reply: Reply) -> None:
            if reply.cut is not None and reply.cut < 0:
                self.close_connection = True
                return
            content = reply.content
            self.send_response(reply.status)
            for name, value in {"content-type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content if reply.cut is None else content[: reply.cut])
            self.close_connection |= reply.cut is not None

        def log_message(self, format: str, *args: Any) -> None:
            """The log is `Server.log`."""

    return Connection


if __name__ == "__main__":
    from tests.hosted.standin.chat import Chat

    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    told = parser.parse_args()
    with Server(Chat().routes, latency=told.latency, port=told.port) as running:
        print(running.url, flush=True)
        while True:
            time.sleep(3600)
