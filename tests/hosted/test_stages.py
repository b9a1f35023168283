"""The stages on hosted models, behind a stand-in server: what they know of no backend."""

from pathlib import Path

import pytest
import yaml

from stages.storage.tables import read_table
from tests.conftest import small_params
from tests.hosted.running import run_study
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.jobs import Jobs
from tests.hosted.standin.server import Server

PAIR = ("one", "two")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    return tmp_path


def write_params(url: str) -> None:
    params = small_params({name: {"source": f"openai:{name}", "base_url": url} for name in PAIR})
    params["experiments"] = {"run": []}
    params["finetune"]["models"] = {
        name: {"teach": "openai_jobs", "hyperparameters": {}} for name in PAIR
    }
    params["limits"] = {"prices": {name: {"input": 1, "output": 2, "training": 3} for name in PAIR}}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


def test_a_study_of_hosted_models_ends_in_scores_and_asks_nothing_twice(study):
    chat = Chat(models=PAIR)
    jobs = Jobs(train=lambda model, *_: chat.add(f"{model}-taught-{len(chat.models)}"))
    with Server(chat.routes, jobs.routes) as server:
        write_params(f"{server.url}/v1")
        asked = []
        for _ in range(2):
            run_study(PAIR)
            asked.append(len(chat.answered))
        assert asked[0] == asked[1] == len(set(chat.answered))
        assert len(jobs.jobs) == 6
    rows = read_table("predictions", Path("data/predictions/one-on-two.parquet"))
    assert {row["backend"] for row in rows} == {"openai"}
    assert {row["system_fingerprint"] for row in rows} == {"fp_standin"}
    assert all(row["prompt_tokens"] and row["cost_usd"] for row in rows)
    scores = read_table("scores", Path("data/scores.parquet"))
    assert {"self", "cross", "fresh_self", "untrained"} <= {row["kind"] for row in scores}
