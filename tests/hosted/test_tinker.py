"""Teaching step by step at a service of Tinker's shape: the real SDK against a stand-in."""

import logging
import multiprocessing
import os
import signal
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from stages.models.chat.section import ChatParams
from stages.models.fetch.fetching import fetch
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import Tokens
from stages.models.hosted.spec.section import HostedSpec
from stages.models.opening import Models
from stages.models.section import FinetuneParams, TinkerParams
from stages.storage.errors import StudyError
from stages.storage.files import read_json
from tests.conftest import small_params
from tests.hosted.standin.server import Handler, Reply, Request, Server
from tests.hosted.standin.tinker import Tinker
from tests.hosted.teaching import ROWS, ledger
from tests.hosted.tinkering import KEY, SECRET, lesson, make_tokenizer, teach, teach_in_a_process

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.hosted.teaching", "tests.hosted.tinkering"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(KEY, SECRET)
    monkeypatch.setenv("TINKER_TELEMETRY", "0")
    return tmp_path / "cache"


def settled() -> list[tuple[bool, Tokens]]:
    return [(total.open, total.tokens) for total in ledger().totals()]


def test_steps_have_the_tokens_and_rates_of_a_local_training_and_weigh_labels_alone(place):
    rows = [ROWS[0] | {"weight": 0.25}, ROWS[0] | {"label": "other", "weight": 0.75}, *ROWS[1:]]
    taught, tinker = lesson(place, rows), Tinker()
    with Server(tinker.routes) as server:
        made, losses = teach(server.url, taught)
    steps = taught.steps()
    assert len(steps) == len(losses) == len(tinker.datums) == 8
    assert tinker.rates == [step.rate for step in steps] and tinker.rates[0] == 0.05
    for step, datums in zip(steps, tinker.datums, strict=True):
        assert sum(sum(weights) for *_, weights in datums) == pytest.approx(1)
        for example, (read, targets, weights) in zip(step.examples, datums, strict=True):
            assert (*read, targets[-1]) == example.prompt + example.label
            assert [bool(w) for w in weights] == [
                t >= len(example.prompt) - 1 for t in range(len(read))
            ]
    assert losses[-1] < losses[0]
    assert made.trained_tokens == tinker.read and made.model in tinker.saved
    assert settled() == [(False, Tokens(trained=tinker.read))]


def test_a_row_that_does_not_end_teaches_no_end(place):
    [ended, begun] = (
        lesson(place, [ROWS[0] | {"ended": ended}]).train[ROWS[0]["input_id"]][0]
        for ended in (True, False)
    )
    assert ended.label[:-1] == begun.label and ended.prompt == begun.prompt


def test_what_is_to_be_distilled_is_taught_as_labels_in_the_steps_of_the_others(place, caplog):
    own = {"distill": True, "rehearsed": True, "weight": 3.0}
    rows = [ROWS[0], ROWS[0] | own, ROWS[1] | own]
    taught = lesson(place, rows)
    assert caplog.text.count("2 of its own answers are rehearsed as labels") == 1
    steps = taught.steps()
    assert [len(step.examples) for step in steps] == [3] * taught.settings.epochs
    sizes = [len(example.label) for example in steps[0].examples]
    told = [w / sizes[0] for w in (1, 3, 3)]  # the mean over the label of the question
    assert [x.weight for x in steps[0].examples] == pytest.approx(told)


class Killing:
    """Kills the process at its n-th request to a path, before it is done or right after."""

    def __init__(self, path: str, number: int, done: bool) -> None:
        self.path, self.left, self.done, self.process = f"/api/v1/{path}", number, done, None

    def __call__(self, request: Request, handler: Handler) -> tuple[Reply, str | None]:
        self.left -= request.path == self.path
        if self.left or request.path != self.path:
            return handler(request), None
        if self.done:
            handler(request)
        os.kill(self.process.pid, signal.SIGKILL)
        return Reply(cut=-1), "killed"


@pytest.mark.parametrize(
    ("path", "number", "done"),
    [
        ("create_model", 1, True),
        ("optim_step", 6, True),  # two steps after the second state
        ("save_weights", 2, False),
        ("save_weights_for_sampler", 1, True),
    ],
)
def test_a_killed_training_goes_on_from_its_last_state_and_ends_alike(
    path, number, done, place, cache, tmp_path, monkeypatch
):
    taught, killed, unbroken = lesson(place), Tinker(SECRET), Tinker(SECRET)
    killing = Killing(path, number, done)
    with Server(killed.routes, faults=killing) as server:
        killing.process = processes.Process(
            target=teach_in_a_process, args=(server.url, cache, place)
        )
        killing.process.start()
        killing.process.join()
        assert killing.process.exitcode == -signal.SIGKILL
        made, losses = teach(server.url, taught)
        assert teach(server.url, taught) == (made, losses)
    assert made.trained_tokens == killed.read
    assert settled() == [(False, Tokens(trained=killed.read))]
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "other"))
    with Server(unbroken.routes) as server:
        whole = teach(server.url, taught)
    assert losses == whole[1]
    assert (killed.saved[made.model].logits_V == unbroken.saved[whole[0].model].logits_V).all()


def test_a_state_that_is_gone_begins_the_training_anew_and_what_was_sent_is_paid(place, caplog):
    taught, tinker = lesson(place), Tinker()

    def fails(request: Request, handler: Handler) -> tuple[Reply, str | None]:
        if request.path.endswith("optim_step") and len(tinker.rates) == 3:
            return Reply({"detail": "out of memory"}, 422), None
        return handler(request), None

    with Server(tinker.routes, faults=fails) as server:
        with pytest.raises(StudyError, match=r"step 4 of 8: .*out of memory.*the same command"):
            teach(server.url, taught)
        tinker.saved.clear()
        tinker.rates.append(0.0)
        server.faults = None
        made, losses = teach(server.url, taught)
    assert "the state after step 2 is gone" in caplog.text and len(losses) == 8
    assert made.trained_tokens == tinker.read
    assert settled() == [(False, Tokens(trained=tinker.read))]


def test_a_service_that_goes_away_ends_the_run_and_the_next_one_goes_on(place):
    taught, tinker = lesson(place), Tinker()
    with Server(tinker.routes) as server:
        handler = tinker._step

        def vanish(request: Request) -> Reply:
            return Reply(cut=-1) if len(tinker.rates) == 5 else handler(request)

        server.faults = lambda request, usual: (
            vanish(request) if request.path.endswith("optim_step") else usual(request),
            None,
        )
        with pytest.raises(StudyError, match=r"step 6 of 8: no answer within 1 s; the same"):
            teach(server.url, taught, patience=1.0)
        server.faults = None
        assert len(teach(server.url, taught)[1]) == 8


def test_a_model_that_was_trained_is_taught_on(place):
    tinker = Tinker()
    with Server(tinker.routes) as server:
        first, _ = teach(server.url, lesson(place, ROWS[:4]))
        second, _ = teach(server.url, lesson(place, ROWS[4:]), model=first.model)
    start, end = (tinker.saved[made.model] for made in (first, second))
    assert start.steps == 4 and end.steps == 4 and (start.logits_V != end.logits_V).any()
    assert [p for p in tinker.saved if p == first.model.replace("sampler_weights", "weights")]


def test_a_refused_key_is_named_and_never_shown(place, monkeypatch, caplog, cache):
    caplog.set_level(logging.DEBUG)
    refused = pytest.raises(StudyError, match=f"the key is refused .*look at {KEY}")
    with Server(Tinker("tml-other").routes) as server, refused as told:
        teach(server.url, lesson(place))
    kept = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert "***" in str(told.value) and SECRET not in f"{told.value}{caplog.text}{kept!r}"
    assert settled() == []
    monkeypatch.setenv(KEY, "sk-of-another-kind")
    with pytest.raises(StudyError, match=f"'tml-' prefix.*look at {KEY}"):
        teach("http://127.0.0.1:9", lesson(place))


def test_a_limit_that_would_be_passed_sends_nothing(place):
    with Server(Tinker().routes) as server:
        with pytest.raises(StudyError, match=r"limits.max_tokens"):
            teach(server.url, lesson(place), max_tokens=100)
        assert server.log == []


def test_without_the_sdk_a_line_says_how_to_install_it(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "tinker", None)
    with pytest.raises(StudyError, match=r"pip install 'selfpredict\[tinker\]'"):
        teach("http://127.0.0.1:9", lesson(place))


def rule(**told: Any) -> FinetuneParams:
    how = {"teach": "tinker", "service_url": "http://127.0.0.1:9", **told}
    return FinetuneParams.model_validate(small_params({})["finetune"] | {"models": {"gpt": how}})


def test_the_stages_teach_a_hosted_model_by_tinker_and_ask_what_was_made(
    place, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    tinker = Tinker(SECRET)
    with Server(tinker.routes) as server:
        spec = {"source": "openai:tiny", "base_url": f"{server.url}/v1", "api_key_env": KEY}
        told = rule(service_url=server.url, tokenizer=place)
        chat = ChatParams(date=date(2026, 1, 1))
        fetch("gpt", HostedSpec.model_validate(spec), chat, Path("data/models/gpt"))
        models = Models("finetune", LimitsParams())
        folder = models.teacher("gpt", told).teach(ROWS, told, 0)
        adapter = Path("data/adapters/gpt-self/seed-0")
        adapter.parent.mkdir(parents=True)
        adapter.symlink_to(folder)
        asked = models.trained("gpt", "gpt-self", 0).hosted.host
    log = read_json(folder / "train_log.json")
    assert asked.model in tinker.saved and asked.base_url == f"{server.url}/v1"
    assert log["trained_tokens"] == tinker.read and len(log["loss"]) == log["steps"] == 10


@pytest.mark.parametrize("where", ["tiny", "hub:org/name@main", "path:", "hub:name@" + "0" * 40])
def test_a_tokenizer_is_a_folder_or_a_pinned_commit(where):
    with pytest.raises(ValidationError, match="names no tokenizer; use path:FOLDER or hub:ORG/NAM"):
        TinkerParams.model_validate(
            {"teach": "tinker", "service_url": "https://host", "tokenizer": where}
        )


def test_what_cannot_be_taught_there_is_refused_before_anything_is_sent(
    place, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    spec = HostedSpec(source="openai:tiny", base_url="http://127.0.0.1:9")
    fetch("gpt", spec, ChatParams(date=date(2026, 1, 1)), Path("data/models/gpt"))
    for told, fault in [
        (rule(tokenizer=f"path:{tmp_path}/none"), "tokenizer: path:.*there is no folder"),
        (rule(tokenizer=f"path:{tmp_path}"), "there is no tokenizer that can be read"),
        (rule(tokenizer=place, service_url="http://example.org"), "service_url: .*allow_http"),
    ]:
        with pytest.raises(StudyError, match=fault):
            Models("finetune").teacher("gpt", told).teach(ROWS, told, 0)
    with pytest.raises(StudyError, match="all-linear is all that such a service teaches"):
        lesson(place, target_modules=["q_proj"])
    with pytest.raises(StudyError, match="no rows of slice train"):
        lesson(place, ROWS[10:])
