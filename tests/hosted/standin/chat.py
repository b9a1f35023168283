"""Chat completions and the list of models, as servers of OpenAI's shape give them.

What a server cannot is told: `refuses` answers 400 and names the parameter, `drops` leaves it out
in silence. `answered` and `tokens` are the server's own account of what it made, lost answers
included.
"""

import hashlib
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.hosted.standin.server import Reply, Request, Routes, error
from tests.hosted.standin.speaking import END, Asked, Speaker, Token, toy

OTHER = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}

OPENING = 3  # tokens of a prompt that open the answer's turn


@dataclass
class Chat:
    """A server of models; `refuses` and `drops` hold names of parameters (and `usage`).

    prefill: how an answer that was begun comes back: whole with its beginning, the rest alone
    where continue_final_message says so, or none: it is answered as a new turn.
    answers_any: it answers for models that it does not have, as llama.cpp does.
    shutdown_date: the day of it, that the list of models tells.
    thinks: tokens of thought before an answer, `inline` in its text, or beside it.
    """

    models: tuple[str, ...] = ("toy",)
    speaker: Speaker = toy
    refuses: frozenset[str] = frozenset()
    drops: frozenset[str] = frozenset()
    most_stops: int = 4
    greedy_n: bool = True  # n > 1 at temperature 0; vLLM refuses it
    top: int = 20  # alternatives that top_logprobs gives at most
    generous: bool = False  # it gives as many as its speaker knows, asked for or not
    prefill: Literal["whole", "rest", "none"] = "whole"
    answers_any: bool = False
    shutdown_date: str | None = None
    thinks: int = 0
    inline: bool = False
    fingerprint: str = "fp_standin"
    answered: list[str] = field(default_factory=list)  # a digest of each request that was answered
    tokens: Counter[str] = field(default_factory=Counter)  # prompt, answer
    lock: Any = field(default_factory=threading.Lock)

    def add(self, model: str) -> str:
        """Serve one more model."""
        self.models += (model,)
        return model

    @property
    def routes(self) -> Routes:
        return {
            ("POST", "/v1/chat/completions"): self.complete,
            ("GET", "/v1/models"): self.list_models,
        }

    def list_models(self, request: Request) -> Reply:
        told = {} if self.shutdown_date is None else {"shutdown_date": self.shutdown_date}
        data = [{"id": model, "object": "model", **told} for model in self.models]
        return Reply({"object": "list", "data": data})

    def complete(self, request: Request) -> Reply:
        asked = request.json
        fault = self._refusal(asked)
        if fault is not None:
            return fault
        choices = [self._choice(asked, i) for i in range(self._n(asked))]
        new_turn = 0 if self._goes_on(asked) else OPENING
        prompt = new_turn + sum(4 + len(m["content"].split()) for m in asked["messages"])
        answer = sum(tokens for _, tokens in choices)
        with self.lock:
            self.answered.append(digest(asked))
            self.tokens.update(prompt=prompt, answer=answer)
        body = {
            "id": f"chatcmpl-{request.number}",
            "object": "chat.completion",
            "created": 1767225600,
            "model": asked["model"],
            "system_fingerprint": self.fingerprint,
            "choices": [choice for choice, _ in choices],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": answer,
                "total_tokens": prompt + answer,
                "prompt_tokens_details": {"cached_tokens": 0},
            },
        }
        return Reply({name: value for name, value in body.items() if name not in self.drops})

    def _refusal(self, asked: dict[str, Any]) -> Reply | None:
        if asked["model"] not in self.models and not self.answers_any:
            told = f"The model `{asked['model']}` does not exist"
            return error(404, told, code="model_not_found")
        for name in sorted(self.refuses & asked.keys()):
            told = f"Unsupported parameter: '{name}' is not supported with this model."
            if name in OTHER:
                told += f" Use '{OTHER[name]}' instead."
            return error(400, told, param=name, code="unsupported_parameter")
        if len(asked.get("stop") or []) > self.most_stops:
            told = f"Invalid 'stop': array too long, at most {self.most_stops}"
            return error(400, told, param="stop", code="array_above_max_length")
        if not self.greedy_n and asked.get("n", 1) > 1 and not asked.get("temperature"):
            return error(400, f"n must be 1 when using greedy sampling, got {asked['n']}.")
        return None

    def _goes_on(self, asked: dict[str, Any]) -> bool:
        """Whether an answer that was begun is gone on with."""
        told = self.prefill == "whole" or (
            self.prefill == "rest" and asked.get("continue_final_message", False)
        )
        return told and asked["messages"][-1]["role"] == "assistant"

    def _n(self, asked: dict[str, Any]) -> int:
        return 1 if "n" in self.drops else asked.get("n", 1)

    def _choice(self, asked: dict[str, Any], i: int) -> tuple[dict[str, Any], int]:
        """One choice, and the tokens that it took."""
        seed = None if "seed" in self.drops else asked.get("seed")
        limits = [asked[name] for name in OTHER if name in asked and name not in self.drops]
        most = min(limits, default=4096)
        said = self.speaker(
            Asked(
                asked["model"],
                asked["messages"],
                None if seed is None else seed + i,
                asked.get("temperature", 1.0),
                most,
            )
        )
        thought = ["hm "] * min(self.thinks, most)
        given = said[: max(0, most - len(thought))]
        ended = bool(given) and given[-1].text == END
        tokens = [token for token in given if token.text != END]
        text, stopped = _stopped(tokens, asked.get("stop") or [])
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if thought and self.inline:
            closed = "</think>\n" if len(thought) < most else ""
            before = f"<think>{''.join(thought)}{closed}"
            message["content"] = f"{before}{text}"
            tokens = [Token(before, -1.0, [(before, -1.0)]), *tokens]
        elif thought:
            message["reasoning_content"] = "".join(thought)
        begun = asked["messages"][-1]
        if self.prefill == "whole" and self._goes_on(asked):
            message["content"] = f"{begun['content']}{message['content']}"
        choice = {
            "index": i,
            "message": message,
            "finish_reason": "stop" if ended or stopped else "length",
            "logprobs": self._logprobs(asked, tokens),
        }
        return choice, len(thought) + len(given)

    def _logprobs(self, asked: dict[str, Any], tokens: list[Token]) -> dict[str, Any] | None:
        if not asked.get("logprobs") or "logprobs" in self.drops:
            return None
        most = None if self.generous else min(self.top, asked.get("top_logprobs", 0))
        return {
            "content": [
                {
                    **_scored(token.text, token.logprob),
                    "top_logprobs": [_scored(*one) for one in token.top if one[0] != END][:most],
                }
                for token in tokens
            ]
        }


def digest(asked: dict[str, Any]) -> str:
    """What tells a request from others: what is asked of whom, with which seed."""
    told = [asked.get(name) for name in ("model", "messages", "seed", "temperature", "n")]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _stopped(tokens: list[Token], stop: list[str]) -> tuple[str, bool]:
    """The text up to the first stop, and whether there is one."""
    text = "".join(token.text for token in tokens)
    places = [at for mark in stop if (at := text.find(mark)) >= 0]
    return (_whole(text[: min(places)]), True) if places else (_whole(text), False)


def _scored(text: str, logprob: float) -> dict[str, Any]:
    return {"token": _whole(text), "logprob": logprob, "bytes": list(_spelled(text))}


def _spelled(text: str) -> bytes:
    """Its bytes; a surrogate stands for one of them, or, where none can be, for itself."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _whole(text: str) -> str:
    """The text with a mark in place of half characters; what no byte makes stays."""
    spelled = _spelled(text)
    try:
        return spelled.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return spelled.decode("utf-8", "replace")
