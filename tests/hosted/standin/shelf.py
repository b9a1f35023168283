"""Files of a stand-in, and lists that come in pages: what jobs and batches are made of."""

import threading
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from itertools import count
from typing import Any

from tests.hosted.standin.server import Reply, Request, Routes, error


class Shelf:
    """`files` by their ids, and their `contents`; `page` is the length of a page of a list."""

    def __init__(self, page: int) -> None:
        self.page = page
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.numbers, self.lock = count(1), threading.RLock()

    @property
    def file_routes(self) -> Routes:
        return {
            ("POST", "/v1/files"): self._upload,
            ("GET", "/v1/files"): self._files,
            ("GET", "/v1/files/{id}"): lambda request: self.one(request, self.files),
            ("GET", "/v1/files/{id}/content"): self._content,
        }

    def put(self, name: str, purpose: str, content: bytes) -> dict[str, Any]:
        """A file that is there from now on."""
        with self.lock:
            file = self.made("file", "file")
            self.contents[file["id"]] = content
            self.files[file["id"]] = file | {
                "filename": name,
                "bytes": len(content),
                "purpose": purpose,
                "status": "processed",
            }
            return self.files[file["id"]]

    def made(self, kind: str, what: str) -> dict[str, Any]:
        """What every new thing has."""
        number = next(self.numbers)
        return {"id": f"{kind}-{number}", "object": what, "created_at": number}

    def one(self, request: Request, of: Mapping[str, Any]) -> Reply:
        """The thing that a request names."""
        found = of.get(request.id)
        return Reply(found) if found else error(404, f"No such object: {request.id}")

    def listed(self, request: Request, of: Mapping[str, dict[str, Any]]) -> Reply:
        """A page of a list, the newest first, small so that there are several."""
        with self.lock:
            items = list(of.values())[::-1]
        after = (
            [item["id"] for item in items].index(request.query["after"]) + 1
            if ("after" in request.query)
            else 0
        )
        shown = items[after : after + self.page]
        more = len(items) > after + self.page
        return Reply({"object": "list", "data": shown, "has_more": more})

    def _upload(self, request: Request) -> Reply:
        head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = {
            part.get_param("name", header="content-disposition"): part
            for part in BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts()
        }
        content = parts["file"].get_payload(decode=True)
        purpose = parts["purpose"].get_payload(decode=True).decode()
        return Reply(self.put(parts["file"].get_filename(), purpose, content))

    def _files(self, request: Request) -> Reply:
        purpose = request.query.get("purpose")
        return self.listed(
            request, {n: f for n, f in self.files.items() if purpose in (None, f["purpose"])}
        )

    def _content(self, request: Request) -> Reply:
        content = self.contents.get(request.id)
        if content is None:
            return error(404, f"No such File object: {request.id}")
        return Reply(content, headers={"content-type": "application/octet-stream"})
