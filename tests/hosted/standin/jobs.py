"""Files and finetuning jobs, in the shape of OpenAI's.

    jobs = Jobs()
    with Server(jobs.routes) as server:
        ...  # jobs.files and jobs.jobs have what was made, jobs.trained_tokens what it costs

A job goes on by one state each time that it is looked at, so that no test waits for a clock.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.hosted.standin.server import Reply, Request, Routes, error
from tests.hosted.standin.shelf import Shelf

STATES = ("validating_files", "queued", "running", "succeeded")
Train = Callable[[str, list[Any], Mapping[str, Any], int | None], str]
"""from the model's name, lines, hyperparameters and seed to the name of what was made"""


class Jobs(Shelf):
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
        super().__init__(page)
        self.train, self.states = train, states
        self.keeps_metadata, self.lists, self.older_shape = keeps_metadata, lists, older_shape
        self.jobs: dict[str, dict[str, Any]] = {}
        self.looked: dict[str, int] = {}  # how often at a job

    @property
    def routes(self) -> Routes:
        return {
            **self.file_routes,
            ("POST", "/v1/fine_tuning/jobs"): self._create,
            ("GET", "/v1/fine_tuning/jobs"): self._list,
            ("GET", "/v1/fine_tuning/jobs/{id}"): self._look,
            ("GET", "/v1/fine_tuning/jobs/{id}/events"): self._events,
        }

    @property
    def trained_tokens(self) -> int:
        return sum(job["trained_tokens"] or 0 for job in self.jobs.values())

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
            job = self.made("ftjob", "fine_tuning.job")
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
        return self.one(request, self.jobs)

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
        return self.listed(request, self.jobs) if self.lists else Reply({"detail": "no list"}, 405)
