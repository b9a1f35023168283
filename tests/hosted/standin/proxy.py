"""A proxy on loopback: it leads every name to one server, whatever that name is of.

with Proxy(server.port) as proxy:
    ...  # proxy.url is a value of HTTPS_PROXY; proxy.log has what it was asked
"""

import base64
import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

USER, PASSWORD = "user", "proxy-word"


class Proxy:
    """Serves while its `with` lasts; `log` has method, target and headers (lower case).

    `passes`: whether it lets through who bears its password, which is part of `url`.
    """

    def __init__(self, port: int, *, passes: bool = True) -> None:
        self.port, self.passes = port, passes
        self.log: list[tuple[str, str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.http.server_address[1]}"

    def __enter__(self) -> "Proxy":
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    word = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            if not self._let():
                return
            with socket.create_connection(("127.0.0.1", proxy.port)) as there:
                self.send_response(200, "Connection established")
                self.end_headers()
                back = threading.Thread(target=_pump, args=(there, self.connection), daemon=True)
                back.start()
                _pump(self.connection, there)
                back.join()
            self.close_connection = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if not self._let():
                return
            there = http.client.HTTPConnection("127.0.0.1", proxy.port)
            split = urlsplit(self.path)
            there.request(self.command, f"{split.path}?{split.query}", body, dict(self.headers))
            reply = there.getresponse()
            content = reply.read()
            self.send_response(reply.status)
            for name in ("content-type", "content-length"):
                self.send_header(name, reply.headers[name])
            self.end_headers()
            self.wfile.write(content)
            there.close()

        do_GET = do_POST

        def _let(self) -> bool:
            headers = {name.lower(): value for name, value in self.headers.items()}
            proxy.log.append((self.command, self.path, headers))
            known = headers.get("proxy-authorization") == f"Basic {word}"
            if not (known and proxy.passes):
                self.send_response(407, "Proxy Authentication Required")
                self.send_header("content-length", "0")
                self.end_headers()
            return known and proxy.passes

        def log_message(self, format: str, *args: object) -> None:
            """The log is `Proxy.log`."""

    return Connection


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # one of both has gone
        return
