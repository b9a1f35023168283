"""Teaching by Tinker the whole way against SkyRL: `make test-tinker`.

SELFPREDICT_SKYRL is the Python that has it. The SDK is the one that this SkyRL takes.
"""

import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from stages.models.hosted.tinker.lesson import TokenLesson
from stages.storage.files import read_json
from tests.hosted.teaching import ROWS
from tests.hosted.tinkering import KEY, SECRET, lesson, make_tokenizer, teach
from tests.tiny_models import make_tiny_model

STARTS, POLL = 600, 0.02  # seconds
STEPS = {"epochs": 1, "batch_inputs": 2, "checkpoint_every": 2, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = make_tiny_model(tmp_path_factory.mktemp("model"))
    return make_tokenizer(folder)


@pytest.fixture(scope="module")
def url(place: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    states = tmp_path_factory.mktemp("states")
    script = str(Path(__file__).with_name("serve.py"))
    process = subprocess.Popen(
        [os.environ["SELFPREDICT_SKYRL"], script, place.removeprefix("path:"), states, str(port)],
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    address, end = f"http://127.0.0.1:{port}", time.monotonic() + STARTS
    try:
        while not answers(f"{address}/api/v1/healthz"):
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.5)
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(address: str) -> bool:
    try:
        return bool(urlopen(address, timeout=5).status == 200)
    except OSError:
        return False


def taught(url: str, cache: Path, told: TokenLesson, model: str) -> Any:
    os.environ |= {"SELFPREDICT_CACHE": str(cache), KEY: SECRET}
    return teach(url, told, model=model, patience=1200.0)


def said(url: str, path: str, prompt: tuple[int, ...], length: int) -> list[int]:
    """The most probable tokens of a model that was saved."""
    import tinker

    service = tinker.ServiceClient(base_url=url, api_key=SECRET)
    sampler = service.create_sampling_client(model_path=path)
    how = tinker.types.SamplingParams(max_tokens=length, temperature=0.0)
    asked = tinker.types.ModelInput.from_ints(list(prompt))
    [answer] = sampler.sample(asked, 1, how).result().sequences
    return list(answer.tokens)


def test_what_was_taught_is_said(url, place, tmp_path):
    told = lesson(place, [ROWS[0]] * 3, epochs=40, learning_rate=0.02, checkpoint_every=100)
    model = place.removeprefix("path:")
    made, losses = taught(url, tmp_path / "cache", told, model)
    [example, *_] = told.train[ROWS[0]["input_id"]]
    assert losses[-1] < 0.1 < losses[0]
    found = said(url, made.model, example.prompt, len(example.label))
    assert tuple(found)[: len(example.label)] == example.label


def test_a_killed_training_goes_on_from_its_last_state_and_ends_alike(url, place, tmp_path):
    told, model = lesson(place, **STEPS), place.removeprefix("path:")
    made, losses = taught(url, tmp_path / "whole", told, model)
    process = multiprocessing.get_context("spawn").Process(
        target=taught, args=(url, tmp_path / "killed", told, model)
    )
    process.start()
    while process.is_alive() and saved_step(tmp_path / "killed") < 2:
        time.sleep(POLL)
    process.kill()
    process.join()
    assert saved_step(tmp_path / "killed") in (2, 4)
    logging.getLogger("stages").setLevel(logging.INFO)
    again, resumed = taught(url, tmp_path / "killed", told, model)
    assert resumed == losses and again.model != made.model
    for examples in list(told.train.values())[:3]:
        first, second = (said(url, x.model, examples[0].prompt, 6) for x in (made, again))
        assert first == second


def saved_step(cache: Path) -> int:
    """After how many steps the last state was kept, by the journal."""
    for path in (cache / "jobs").glob("*.json"):
        return int((read_json(path).get("saved") or {"step": 0})["step"])
    return 0
