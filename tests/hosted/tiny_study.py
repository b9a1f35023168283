"""A study of tiny models that were run locally, whose subjects move to a stand-in server.

What it ends in must be the same, but for columns that are of the way by their nature: LOCAL_ALONE
says which and why.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from stages.models.questions import METERED
from stages.models.section import FinetuneParams
from stages.storage.tables import read_rows, read_table
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.faults import Faults
from tests.hosted.standin.jobs import Jobs
from tests.hosted.standin.known import Known, study_questions
from tests.hosted.standin.server import Server
from tests.hosted.standin.tiny import TinyModels

PRICE = {"input": 1.0, "output": 2.0, "training": 3.0}
LOCAL_ALONE = {
    **dict.fromkeys(METERED, "metered of hosted answers alone"),
    "fingerprint": "a hash of weights, or of a model's name and its host",
    "logprob": "a server names no end mark, whose log-probability a local answer has in it",
    "first_token_logprob": "rounded from another batch; none where an answer is an end mark alone",
    "near_tie": "a server gives two alternatives, and no scores of draws",
    "distribution": "rounded; and where no token spells an answer, only a tokenizer says how it "
    "begins",
    "distribution_from": "the same",
    "costs": "of what was metered",
    "training": "a job tells its tokens, a local training steps and what it held back",
    "loss": "a picture; jobs tell of no loss",
}
WITHIN = {
    **dict.fromkeys(("held_back", "held_back_mode", "held_back_p", "learned"), "no job tells them"),
    **dict.fromkeys(("embedding_classifier", "absent"), "a server shows no hidden states"),
    "settings": "a hash of params, which say where a model is",
}
TABLES = {
    "data/behavior/*.parquet": "behavior",
    "data/datasets/*.parquet": "datasets",
    "data/predictions/*.parquet": "predictions",
    "data/scores.parquet": "scores",
}
TOLERANCE = 1e-4  # of what is computed from probabilities


@dataclass(frozen=True)
class Served:
    """A server of the models that a study fetched; `models` really learns what `jobs` are given."""

    server: Server
    chat: Chat
    jobs: Jobs
    models: TinyModels

    @property
    def url(self) -> str:
        return f"{self.server.url}/v1"


@contextmanager
def served(
    root: Path, params: dict[str, Any], cache: Path, faults: Faults | None = None
) -> Iterator[Served]:
    """The models that a study in `root` fetched; what they learn is kept in `cache`.

    The draws that are known are those of its experiment calibration.
    """
    tasks = (*params["tasks"]["train"], *params["tasks"]["test"])
    inputs = [
        row for task in tasks for row in read_rows("tasks", root / f"data/tasks/{task}.parquet")
    ]
    samples = params["experiments"]["calibration"]["samples"]
    known = Known(
        study_questions(inputs, params["properties"], seed=params["seed"], samples=samples)
    )
    rule = FinetuneParams.model_validate(params["finetune"])
    models = TinyModels(root / "data/models", rule, known)
    chat = Chat(models=tuple(params["subjects"]), speaker=models.speak, generous=True)
    jobs = Jobs(train=lambda *told: chat.add(models.train(*told)))
    with (
        pytest.MonkeyPatch.context() as patch,
        Server(chat.routes, jobs.routes, faults=faults) as server,
    ):
        patch.setenv("SELFPREDICT_CACHE", str(cache))
        yield Served(server, chat, jobs, models)


def moved(params: dict[str, Any], url: str, names: Collection[str]) -> dict[str, Any]:
    """The params with these subjects on a server."""
    there = {
        name: {"source": f"openai:{name}", "base_url": url, "stop": params["models"][name]["stop"]}
        for name in names
    }
    taught = {name: {"teach": "openai_jobs", "hyperparameters": {}} for name in names}
    return params | {
        "models": params["models"] | there,
        "finetune": params["finetune"] | {"models": taught},
        "limits": {"prices": dict.fromkeys(names, PRICE)},
    }


def ends(root: Path, experiments: Iterable[str]) -> dict[str, Any]:
    """What a study ends in, by file: rows without what is of the way, and numbers."""
    patterns = TABLES | {f"data/experiments/{name}/*.parquet": "outcomes" for name in experiments}
    rows: dict[str, Any] = {
        str(path.relative_to(root)): [
            _compared(row) for row in read_table(kind, path) if not _of_states(row)
        ]
        for pattern, kind in patterns.items()
        for path in sorted(root.glob(pattern))
    }
    own = {f"{part}{name}.json" for name in experiments for part in ("", "plots/", "rows/")}
    numbers = [
        *(path for path in (root / "metrics").glob("*.json") if path.stem != "controls"),
        *(path for path in (root / "metrics/plots").glob("*.json") if path.stem not in LOCAL_ALONE),
        *(root / "metrics/experiments" / name for name in own),
    ]
    for path in sorted(numbers):
        found = json.loads(path.read_text(encoding="utf-8"))
        whole = isinstance(found, list)
        rows[str(path.relative_to(root))] = _within(found) if whole else _compared(_within(found))
    return rows


def _compared(found: dict[str, Any]) -> dict[str, Any]:
    return {name: _within(value) for name, value in found.items() if name not in LOCAL_ALONE}


def _within(value: Any) -> Any:
    """A JSON value without what lies in it that is of local models alone."""
    if isinstance(value, dict):
        return {name: _within(part) for name, part in value.items() if name not in WITHIN}
    if isinstance(value, list):
        return [_within(part) for part in value if not _of_states(part)]
    return value


def _of_states(row: Any) -> bool:
    return isinstance(row, dict) and row.get("kind") == "embedding_classifier"


def differing(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """The files of two ends that differ, numbers by more than what rounding makes of them."""
    every = found.keys() | wanted.keys()
    return sorted(name for name in every if not same(found.get(name), wanted.get(name)))


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, numbers nearly so."""
    left, right = leaves(one), leaves(other)
    return left.keys() == right.keys() and all(
        isclose(value, right[at], rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        if isinstance(value, float) and isinstance(right[at], float)
        else value == right[at]
        for at, value in left.items()
    )


def leaves(value: Any, place: str = "") -> dict[str, Any]:
    """All that is not of parts itself, by its place."""
    if not isinstance(value, dict | list):
        return {place: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    return {key: leaf for at, part in parts for key, leaf in leaves(part, f"{place}/{at}").items()}


def weights(adapter: Path) -> bytes:
    """The weights of an adapter, as they lie in its folder."""
    return (adapter / "adapter_model.safetensors").read_bytes()
