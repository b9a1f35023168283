"""Training in the shape of Tinker's: sessions, steps, states, models that are saved.

    tinker = Tinker()
    with Server(tinker.routes) as server:
        ...  # server.url is a service_url; tinker.saved has what was kept, by its path

A model of it is one vector of logits, the same for each place of a text, which Adam moves: what a
state must hold for a training to go on exactly is what the real one's must.
"""

import threading
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from tinker.proto import tinker_public_pb2 as wire

from tests.hosted.standin.server import Handler, Reply, Request, Routes

VOCABULARY = 1024
INFO = {"model_data": {"model_name": "tiny"}, "is_lora": True}
BINARY = {"content-type": "application/x-protobuf"}


@dataclass
class Learner:
    """Logits (V), their gradient, and the two moments of Adam."""

    base: str
    lora: dict[str, Any]
    logits_V: np.ndarray = field(default_factory=lambda: np.zeros(VOCABULARY))
    gradient_V: np.ndarray = field(default_factory=lambda: np.zeros(VOCABULARY))
    first_V: np.ndarray = field(default_factory=lambda: np.zeros(VOCABULARY))
    second_V: np.ndarray = field(default_factory=lambda: np.zeros(VOCABULARY))
    steps: int = 0

    def learn(self, target_N: np.ndarray, weight_N: np.ndarray) -> np.ndarray:
        """Log-probabilities (N) of targets; the gradient of their weighted loss is kept."""
        shifted_V = self.logits_V - self.logits_V.max()
        logprob_V = shifted_V - np.log(np.exp(shifted_V).sum())
        self.gradient_V += weight_N.sum() * np.exp(logprob_V)
        np.subtract.at(self.gradient_V, target_N, weight_N)
        return logprob_V[target_N]

    def step(self, adam: dict[str, float]) -> None:
        gradient_V, self.gradient_V = self.gradient_V, np.zeros(VOCABULARY)
        norm, most = float(np.linalg.norm(gradient_V)), adam["grad_clip_norm"]
        if most and norm > most:
            gradient_V = gradient_V * most / norm
        self.steps += 1
        beta1, beta2 = adam["beta1"], adam["beta2"]
        self.first_V = beta1 * self.first_V + (1 - beta1) * gradient_V
        self.second_V = beta2 * self.second_V + (1 - beta2) * gradient_V**2
        mean_V = self.first_V / (1 - beta1**self.steps)
        square_V = self.second_V / (1 - beta2**self.steps)
        self.logits_V = self.logits_V * (1 - adam["learning_rate"] * adam["weight_decay"])
        self.logits_V -= adam["learning_rate"] * mean_V / (np.sqrt(square_V) + adam["eps"])


class Tinker:
    """`saved`: learners by path. `read`: tokens of all steps. `on_save` is told each model's path.

    `key`: the one that is taken. `datums` has those of each step, as (tokens, targets, weights).
    """

    def __init__(self, key: str | None = None, on_save: Callable[[str], None] | None = None):
        self.key, self.on_save = key, on_save
        self.learners: dict[str, Learner] = {}
        self.saved: dict[str, Learner] = {}
        self.results: dict[str, Reply] = {}
        self.rates: list[float] = []
        self.datums: list[list[tuple[list[int], list[int], list[float]]]] = []
        self.read, self.numbers, self.lock = 0, count(1), threading.Lock()

    @property
    def routes(self) -> Routes:
        posts: dict[str, Handler] = {
            "client/config": lambda request: Reply({}),
            "client/dynamic_config": lambda request: Reply({}),
            "create_session": lambda request: Reply({"session_id": f"s{next(self.numbers)}"}),
            "session_heartbeat": lambda request: Reply({}),
            "create_model": self._create,
            "get_info": lambda request: Reply({"model_id": request.json["model_id"], **INFO}),
            "load_weights": self._load,
            "forward_backward": self._learn,
            "optim_step": self._step,
            "save_weights": lambda request: self._save(request, "weights"),
            "save_weights_for_sampler": lambda request: self._save(request, "sampler_weights"),
            "retrieve_future": lambda request: self.results[request.json["request_id"]],
        }
        return {
            ("POST", f"/api/v1/{name}"): self._guarded(handler) for name, handler in posts.items()
        }

    def _guarded(self, handler: Handler) -> Handler:
        def answer(request: Request) -> Reply:
            if self.key and request.headers.get("x-api-key") != self.key:
                return Reply({"detail": f"no such key: {request.headers.get('x-api-key')}"}, 401)
            with self.lock:
                return handler(request)

        return answer

    def _later(self, result: Reply | dict[str, Any]) -> Reply:
        """A promise of a result, which is there already."""
        name = f"r{next(self.numbers)}"
        self.results[name] = result if isinstance(result, Reply) else Reply(result)
        return Reply({"request_id": name})

    def _create(self, request: Request) -> Reply:
        told = request.json
        name = f"{told['session_id']}:train:{told['model_seq_id']}"
        self.learners[name] = Learner(told["base_model"], told["lora_config"])
        return self._later({"model_id": name})

    def _load(self, request: Request) -> Reply:
        told = request.json
        if told["path"] not in self.saved:
            return Reply({"detail": f"{told['path']} not found"}, 404)
        learner = deepcopy(self.saved[told["path"]])
        if not told["optimizer"]:
            learner = Learner(learner.base, learner.lora, learner.logits_V)
        self.learners[f"{told['session_id']}:train:{told['model_seq_id']}"] = learner
        return self._later({"path": told["path"]})

    def _learn(self, request: Request) -> Reply:
        told = wire.ForwardBackwardRequest.FromString(request.body)
        record = wire.ArrayRecord(num_datums=len(told.data))
        logprobs, datums = [], []
        for datum in told.data:
            tokens = np.frombuffer(datum.model_input[0].encoded_text.tokens, np.int32)
            target_N = np.frombuffer(datum.loss_fn_inputs["target_tokens"].dense, np.int64)
            weight_N = np.frombuffer(datum.loss_fn_inputs["weights"].dense, np.float32)
            assert len(tokens) == len(target_N) == len(weight_N)
            datums.append((tokens.tolist(), target_N.tolist(), weight_N.tolist()))
            logprob_N = self.learners[told.model_id].learn(target_N, weight_N)
            logprobs.append(logprob_N.astype(np.float32).tobytes())
            self.read += len(tokens)
        self.datums.append(datums)
        record.fields["logprobs"].CopyFrom(
            wire.BatchedTensor(
                data=b"".join(logprobs),
                offsets=np.cumsum([0, *map(len, logprobs)], dtype=np.int64).tobytes(),
                dtype=wire.DTYPE_FLOAT32,
            )
        )
        output = wire.ForwardBackwardOutput(
            loss_fn_output_type="ArrayRecord", loss_fn_outputs=[record]
        )
        return self._later(Reply(output.SerializeToString(), headers=BINARY))

    def _step(self, request: Request) -> Reply:
        told = request.json
        self.learners[told["model_id"]].step(told["adam_params"])
        self.rates.append(told["adam_params"]["learning_rate"])
        return self._later({"metrics": {}})

    def _save(self, request: Request, kind: str) -> Reply:
        told = request.json
        path = f"tinker://{told['model_id']}/{kind}/{told['path']}"
        self.saved[path] = deepcopy(self.learners[told["model_id"]])
        if self.on_save and kind == "sampler_weights":
            self.on_save(path)
        return self._later({"path": path})
