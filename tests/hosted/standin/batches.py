"""Batches, in the shape of OpenAI's: a file of requests that are answered by the chat's routes.

    chat = Chat()
    batches = Batches(chat)
    with Server(chat.routes, batches.routes) as server:
        ...  # batches.batches and batches.files have what was made

A batch goes on by one state each time that it is looked at, so that no test waits for a clock.
Its output comes in another order than its requests. Faults are planned by the number of a batch,
from 1: `ends` has the state that it ends in, `spoils` changes its lines.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.hosted.standin.chat import Chat
from tests.hosted.standin.server import Reply, Request, Routes, error
from tests.hosted.standin.shelf import Shelf

STATES = ("validating", "in_progress", "finalizing")
Lines = list[Any]
Spoil = Callable[[Lines], Lines]
"""from the lines of a batch, in the order of its requests, to those that come back"""


class Batches(Shelf):
    """Of one `chat`. `lists`: whether batches can be listed; the rest as in Jobs.

    A batch that expires or is cancelled has answered the first half of its requests.
    """

    def __init__(
        self,
        chat: Chat,
        *,
        ends: Mapping[int, str] | None = None,
        spoils: Mapping[int, Spoil] | None = None,
        states: tuple[str, ...] = STATES,
        keeps_metadata: bool = True,
        lists: bool = True,
        most: int = 50_000,
        page: int = 2,
    ) -> None:
        super().__init__(page)
        self.chat, self.ends, self.spoils = chat, dict(ends or {}), dict(spoils or {})
        self.states, self.most = states, most
        self.keeps_metadata, self.lists = keeps_metadata, lists
        self.batches: dict[str, dict[str, Any]] = {}

    @property
    def routes(self) -> Routes:
        return {
            **self.file_routes,
            ("POST", "/v1/batches"): self._create,
            ("GET", "/v1/batches"): self._list,
            ("GET", "/v1/batches/{id}"): self._look,
        }

    def _create(self, request: Request) -> Reply:
        told = request.json
        file = self.files.get(told["input_file_id"])
        if file is None or file["purpose"] != "batch":
            return error(400, f"No batch file {told['input_file_id']}", param="input_file_id")
        if not self.keeps_metadata and "metadata" in told:
            return error(400, "Unknown parameter: 'metadata'.", param="metadata")
        with self.lock:
            number = len(self.batches) + 1
            batch = self.made("batch", "batch")
            lines = self.contents[file["id"]].splitlines()
            names = "input_file_id", "endpoint", "completion_window", "metadata"
            self.batches[batch["id"]] = batch | {
                **{name: told.get(name) for name in names},
                "number": number,
                "looked": 0,
                "status": self.states[0],
                "output_file_id": None,
                "error_file_id": None,
                "errors": None,
                "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
            }
            return Reply(self.batches[batch["id"]])

    def _look(self, request: Request) -> Reply:
        with self.lock:
            batch = self.batches.get(request.id)
            if batch and batch["status"] in self.states:
                batch["looked"] += 1
                if batch["looked"] < len(self.states):
                    batch["status"] = self.states[batch["looked"]]
                else:
                    self._end(batch)
        return self.one(request, self.batches)

    def _end(self, batch: dict[str, Any]) -> None:
        batch["status"] = end = self.ends.get(batch["number"], "completed")
        asked = [json.loads(line) for line in self.contents[batch["input_file_id"]].splitlines()]
        if len(asked) > self.most:
            end = batch["status"] = "failed"
            told = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}
            batch["errors"] = {"object": "list", "data": [told]}
        elif end == "failed":
            told = {"code": "invalid_json_line", "message": "Line 1 is no\x1b[31m JSON.", "line": 1}
            batch["errors"] = {"object": "list", "data": [told]}
        if end == "failed":
            return
        done = len(asked) if end == "completed" else len(asked) // 2
        lines = [self._answered(one) for one in asked[:done]]
        lines += [_undone(one, f"batch_{end}") for one in asked[done:]]
        lines = self.spoils.get(batch["number"], lambda lines: lines)(lines)
        good = [line for line in lines if _is_good(line)]
        bad = [line for line in lines if not _is_good(line)]
        batch["output_file_id"] = self._file("output", good[::-1])
        batch["error_file_id"] = self._file("errors", bad)
        batch["request_counts"] |= {"completed": len(good), "failed": len(bad)}

    def _answered(self, asked: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(asked["body"]).encode()
        reply = self.chat.complete(Request(0, asked["method"], asked["url"], {}, {}, body))
        response = {"status_code": reply.status, "request_id": "r", "body": reply.body}
        return {"id": "batch_req", "custom_id": asked["custom_id"], "response": response}

    def _file(self, name: str, lines: Lines) -> str | None:
        if not lines:
            return None
        content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        return self.put(f"{name}.jsonl", "batch_output", content.encode())["id"]

    def _list(self, request: Request) -> Reply:
        return self.listed(request, self.batches) if self.lists else Reply({"detail": "no"}, 405)


def _is_good(line: Any) -> bool:
    response = line.get("response") if isinstance(line, dict) else None
    return response is not None and response["status_code"] == 200


def _undone(asked: dict[str, Any], code: str) -> dict[str, Any]:
    told = {"code": code, "message": "This request could not be executed before the end."}
    return {"custom_id": asked["custom_id"], "response": None, "error": told}
