"""Files and finetuning jobs, in the shape of OpenAI's.

    jobs = Jobs()
    with Server(jobs.routes) as server:
        ...  # jobs.files and jobs.jobs have what was made, jobs.trained_tokens what it costs

A job goes on by one state each time that it is looked at, so that no test waits for a clock.
"""

import json
import threading
from collections.abc import Callable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from itertools import count
from typing import Any

from tests.hosted.standin.server import Reply, Request, Routes, error

STATES = ("validating_files", "queued", "running", "succeeded")
Train = Callable[[str, list[Any], Mapping[str, Any], int | None], str]
"""from the model's name, lines, hyperparameters and seed to the name of what was made"""


class Jobs:
    """`train` may really train; without it a job only has a name for what it made.

    keeps_metadata, lists: whether jobs have metadata, and can be listed. older_shape: it knows
    hyperparameters as a key of their own alone. `states` a job goes through, the last for good.
    """

    def __init__(
        self,
        *,
        train: Train | None = None,
        states: tuple[str, ...] = STATES,
        keeps_metadata: bool = True,
        lists: bool = True,
        older_shape: bool = False,
        page: int = 2,
    ) -> None:
        self.train, self.states, self.page = train, states, page
        self.keeps_metadata, self.lists, self.older_shape = keeps_metadata, lists, older_shape
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.looked: dict[str, int] = {}  # how often at a job
        self.numbers, self.lock = count(1), threading.Lock()

    @property
    def routes(self) -> Routes:
        return {
            ("POST", "/v1/files"): self._upload,
            ("GET", "/v1/files"): lambda request: self._page(request, self.files),
            ("GET", "/v1/files/{id}"): lambda request: self._one(request, self.files),
            ("POST", "/v1/fine_tuning/jobs"): self._create,
            ("GET", "/v1/fine_tuning/jobs"): self._list,
            ("GET", "/v1/fine_tuning/jobs/{id}"): self._look,
            ("GET", "/v1/fine_tuning/jobs/{id}/events"): self._events,
        }

    @property
    def trained_tokens(self) -> int:
        return sum(job["trained_tokens"] or 0 for job in self.jobs.values())

    def _upload(self, request: Request) -> Reply:
        head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = {
            part.get_param("name", header="content-disposition"): part
            for part in BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts()
        }
        content = parts["file"].get_payload(decode=True)
        with self.lock:
            file = self._made("file", "file")
            self.files[file["id"]] = file | {
                "filename": parts["file"].get_filename(),
                "bytes": len(content),
                "purpose": parts["purpose"].get_payload(decode=True).decode(),
                "status": "processed",
            }
            self.contents[file["id"]] = content
            return Reply(self.files[file["id"]])

    def _create(self, request: Request) -> Reply:
        told = request.json
        if told["training_file"] not in self.files:
            return error(400, f"File {told['training_file']} does not exist", param="training_file")
        if self.older_shape and "method" in told:
            return error(400, "Unrecognized request argument supplied: method", param="method")
        if not self.keeps_metadata and "metadata" in told:
            return error(400, "Unknown parameter: 'metadata'.", param="metadata")
        settings = told.get("hyperparameters") or told["method"]["supervised"]["hyperparameters"]
        with self.lock:
            job = self._made("ftjob", "fine_tuning.job")
            self.looked[job["id"]] = 0
            self.jobs[job["id"]] = job | {
                **{name: told.get(name) for name in ("model", "training_file", "seed", "metadata")},
                "hyperparameters": settings,
                "status": self.states[0],
                "fine_tuned_model": None,
                "trained_tokens": None,
                "error": None,
            }
            return Reply(self.jobs[job["id"]])

    def _look(self, request: Request) -> Reply:
        with self.lock:
            job = self.jobs.get(request.id)
            if job and job["status"] != self.states[-1]:
                self.looked[request.id] += 1
                job["status"] = self.states[min(self.looked[request.id], len(self.states) - 1)]
                self._end(job)
        return self._one(request, self.jobs)

    def _end(self, job: dict[str, Any]) -> None:
        lines = self.contents[job["training_file"]].decode().splitlines()
        tokens = sum(map(len, map(str.split, lines))) * job["hyperparameters"]["n_epochs"]
        if job["status"] == "succeeded":
            name = f"ft:{job['model']}:standin::{job['id']}"
            if self.train:
                told = job["hyperparameters"], job["seed"]
                name = self.train(job["model"], [*map(json.loads, lines)], *told)
            job |= {"fine_tuned_model": name, "trained_tokens": tokens}
        elif job["status"] == "cancelled":
            job["trained_tokens"] = tokens // 2
        elif job["status"] == "failed":
            job["error"] = {"code": "invalid_file", "message": "The file has \x1b[31m3 rows."}

    def _events(self, request: Request) -> Reply:
        looks = self.looked[request.id]
        found = [{"id": f"event-{at}", "message": f"step {at} is done"} for at in range(looks)]
        return Reply({"object": "list", "data": found[::-1], "has_more": False})

    def _list(self, request: Request) -> Reply:
        return self._page(request, self.jobs) if self.lists else Reply({"detail": "no list"}, 405)

    def _page(self, request: Request, of: dict[str, dict[str, Any]]) -> Reply:
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

    def _one(self, request: Request, of: Mapping[str, Any]) -> Reply:
        found = of.get(request.id)
        return Reply(found) if found else error(404, f"No such object: {request.id}")

    def _made(self, kind: str, what: str) -> dict[str, Any]:
        number = next(self.numbers)
        return {"id": f"{kind}-{number}", "object": what, "created_at": number}
