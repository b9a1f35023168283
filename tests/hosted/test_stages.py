"""The stages on hosted models, behind a stand-in server: what they know of no backend."""

from pathlib import Path

import pytest
import yaml

from stages import (
    build_dataset,
    evaluate,
    fetch_model,
    finetune,
    judge_cells,
    predict,
    sample_behavior,
    write_tasks,
)
from stages.storage.files import write_json
from stages.storage.tables import read_table
from tests.conftest import small_params
from tests.hosted.running import run, run_experiments, run_study
from tests.hosted.standin.batches import Batches
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.jobs import Jobs
from tests.hosted.standin.server import Server

PAIR = ("one", "two")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    return tmp_path


def write_params(url: str, mode: str = "live") -> None:
    params = small_params({name: {"source": f"openai:{name}", "base_url": url} for name in PAIR})
    params["experiments"] = {"run": []}
    params["sampling"]["mode"] = mode
    params["evaluate"]["ceiling"] = {"min_rows": 1, "max_p": 0.5, "max_difference": 1.0}
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
    assert {row["shown"] for row in rows} == {True, False}
    cells = read_table("cells", Path("data/cells.parquet"))
    assert {row["target"] for row in cells} == set(PAIR)
    assert any(ceiling["rows"] for row in cells for ceiling in row["ceilings"])
    scores = read_table("scores", Path("data/scores.parquet"))
    assert {"self", "cross", "fresh_self", "untrained"} <= {row["kind"] for row in scores}


def test_models_that_nobody_trains_are_shown_examples_and_asked(study):
    chat = Chat(models=PAIR)
    with Server(chat.routes) as server:
        write_params(f"{server.url}/v1")
        params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
        params["finetune"]["models"] = {name: {"teach": "examples"} for name in PAIR}
        params["experiments"] = {"run": ["examples"], "examples": {"k": 3, "inputs": 2}}
        Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        run(write_tasks)
        for name in PAIR:
            run(fetch_model, "--model", name)
            run(sample_behavior, "--model", name)
            run(build_dataset, "--model", name)
        asked = len(chat.answered)
        for name in PAIR:
            run(finetune, "--model", name)
            run(sample_behavior, "--trained", "--model", name)
            run(build_dataset, "--target", name)
        assert len(chat.answered) == asked  # M1 is M
        for target in PAIR:
            for predictor in PAIR:
                run(finetune, "--predictor", predictor, "--target", target)
                run(predict, "--predictor", predictor, "--target", target)
        run(judge_cells)
        write_json(Path("metrics/sensitivity.json"), {})
        run(evaluate)
        run_experiments(["examples"], PAIR)
        paths = {entry.request.path for entry in server.log}
    assert paths <= {"/v1/chat/completions", "/v1/models"}
    cells = read_table("cells", Path("data/cells.parquet"))
    assert not any(row["ceilings"] for row in cells) and any(row["used"] for row in cells)
    scores = read_table("scores", Path("data/scores.parquet"))
    assert not any(row["trained"] for row in scores)
    assert not {"self", "fresh_self", "cross"} & {row["kind"] for row in scores}
    shown = read_table("outcomes", Path("data/experiments/examples/one.parquet"))
    asked_after = {(row["kind"], len(row["question"])) for row in shown}
    assert asked_after == {
        ("untrained", 1),
        *((kind, 1) for kind in ("examples_self", "examples_cross")),
        *((kind, 2 * 3 + 1) for kind in ("examples_self", "examples_cross")),
    }


def test_in_batch_mode_a_stage_asks_a_model_in_one_batch(study):
    chat = Chat(models=PAIR)
    batches = Batches(chat, states=("validating",))
    with Server(chat.routes, batches.routes) as server:
        for mode in ("batch", "live"):
            write_params(f"{server.url}/v1", mode)
            run(fetch_model, "--model", "one")
            run(write_tasks)
            begun = len(chat.answered)
            run(sample_behavior, "--model", "one")
    [batch] = batches.batches.values()
    rows = read_table("behavior", Path("data/behavior/one.parquet"))
    assert batch["request_counts"]["completed"] == len(rows) and len(chat.answered) == begun
    assert all(row["finish_reason"] != "error" for row in rows)
