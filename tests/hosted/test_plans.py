"""What a stage will take is told before it does: exactly what it then asks, and nothing is sent."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Command
from click.testing import CliRunner, Result

from stages import build_dataset, fetch_model, finetune, plan, predict, sample_behavior, write_tasks
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limits_section import LimitsParams
from stages.models.plan import Tariff, Tokens
from tests.conftest import small_params
from tests.hosted.standin.chat import Chat
from tests.hosted.standin.jobs import Jobs
from tests.hosted.standin.server import Server

KEY = "sk-planted-and-never-shown"
LEFT = ("data", "metrics")


def run(stage: Command, *arguments: str) -> Result:
    return CliRunner().invoke(stage, list(arguments))


def told(limits: dict[str, Any]) -> None:
    """Give the study in the working folder these limits."""
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    prices = {"one": {"input": 1.0, "output": 2.0, "training": 3.0}}
    params["limits"] = {"prices": prices} | limits
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A study of one hosted model, in the working folder, whose tasks are written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PLANTED", KEY)
    with Server(Chat(models=("one",)).routes, Jobs().routes, key=KEY) as server:
        one = {"source": "openai:one", "base_url": f"{server.url}/v1", "api_key_env": "PLANTED"}
        params = small_params({"one": one})
        params["experiments"] = {"run": []}
        params["finetune"]["models"] = {"one": {"teach": "openai_jobs", "hyperparameters": {}}}
        Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        told({})
        assert run(fetch_model.main, "--model", "one").exit_code == 0
        assert run(write_tasks.main).exit_code == 0
        yield server


def files() -> set[Path]:
    return {path for name in LEFT for path in Path(name).rglob("*")}


def test_a_dry_run_tells_the_plan_and_the_exact_requests_and_sends_and_writes_nothing(server):
    before = files()
    shown = run(sample_behavior.main, "--model", "one", "--dry-run")
    assert not server.log and files() == before
    line, _, rest = shown.output.partition("\n")
    assert line.startswith(f"sample_behavior: one at {server.url.split('//')[1]}/v1: 0 of ")
    assert "cost $0.00" in line
    probe, samples = decoded(rest)
    assert samples[0]["headers"] == ["Authorization"] and KEY not in shown.output
    done = run(sample_behavior.main, "--model", "one")
    asked = [entry.request.json for entry in server.log if entry.request.method == "POST"]
    sent = [body for body in asked if body not in probe]
    assert f"{len(sent)} requests" in line and line in done.output.replace(" (estimated)", "")
    assert all(sample["body"] in sent for sample in samples)


def decoded(text: str) -> tuple[list[Any], list[Any]]:
    """The requests of the probe, and those of the study, as they are shown."""
    found = []
    while text := text.strip():
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:]
    return [one for one in found if "POST" not in one], [one for one in found if "POST" in one]


def test_what_is_kept_is_no_part_of_what_is_planned(server):
    run(sample_behavior.main, "--model", "one")
    again = run(sample_behavior.main, "--model", "one", "--dry-run")
    assert "requests" not in again.output
    kept, total = again.output.split(": ")[2].split(" answers")[0].split(" of ")
    assert kept == total != "0"


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"max_tokens": 500}, "limits.max_tokens: 500 tokens would be passed: 0 tokens are paid"),
        ({"max_cost_usd": 0.0005}, "limits.max_cost_usd: $0.0005 would be passed: $0.0000 are"),
    ],
)
def test_what_cannot_fit_a_limit_ends_before_the_first_request(server, limits, says):
    told(limits)
    ended = run(sample_behavior.main, "--model", "one")
    assert ended.exit_code and says in ended.output and "Nothing was sent" in ended.output
    assert not server.log and not Path("data/behavior").exists()


def test_what_was_paid_is_no_longer_left_of_a_limit_and_a_higher_one_goes_on(server):
    ledger = Ledger(LimitsParams(), "before")
    ledger.settle(ledger.reserve(Tokens(10**6), Tariff("one")), Tokens(10**6))
    told({"max_tokens": 10**6 + 500})
    ended = run(sample_behavior.main, "--model", "one")
    assert "1,000,000 tokens are paid" in ended.output and not server.log
    told({"max_tokens": 2 * 10**6})
    assert run(sample_behavior.main, "--model", "one").exit_code == 0


def test_a_job_is_planned_with_its_tokens_and_what_follows_on_it_with_all_its_requests(server):
    run(sample_behavior.main, "--model", "one")
    run(build_dataset.main, "--model", "one")
    sent = len(server.log)
    teaching = run(finetune.main, "--model", "one", "--dry-run")
    assert "0 of 1 trainings are kept" in teaching.output
    assert "tokens to train on" in teaching.output
    trained = run(sample_behavior.main, "--trained", "--model", "one", "--dry-run")
    assert "one-self/seed-0 at" in trained.output and " requests" in trained.output
    predicted = run(predict.main, "--predictor", "one", "--target", "one", "--dry-run")
    assert [line.split(" at ")[0] for line in predicted.output.splitlines() if " at 1" in line] == [
        f"predict: {name}" for name in ("one", "one-self/seed-0", "one-on-one/seed-0")
    ]
    assert len(server.log) == sent


def test_the_whole_study_is_planned_before_it_has_any_data(server):
    whole = run(plan.main)
    assert whole.exit_code == 0 and not server.log and not Path("data/behavior").exists()
    stages = [line.split(":")[0] for line in whole.output.splitlines()]
    told = ["sample_base", "train_self", "sample_target", "train_cross", *["predict"] * 3]
    assert stages == [*told, "all of it", "all of it"]
    asked = run(sample_behavior.main, "--model", "one", "--dry-run").output.splitlines()[0]
    assert asked.partition(":")[2] == whole.output.splitlines()[0].partition(":")[2]


def test_a_requests_secret_headers_are_named_and_not_shown(server, monkeypatch):
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["chat"]["models"] = {"one": {"extra_headers": {"X-Team": "TEAM_SECRET"}}}
    monkeypatch.setenv("TEAM_SECRET", "team-value-never-shown")
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    run(fetch_model.main, "--model", "one")
    shown = run(sample_behavior.main, "--model", "one", "--dry-run").output
    assert '"X-Team"' in shown and "never-shown" not in shown
