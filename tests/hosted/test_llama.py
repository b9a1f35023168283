"""A real server: llama.cpp's own, which serves SmolLM2 as a user would, asked as any other.

What it does that other servers do not is told to users in docs/hosted.md, Recipes.
"""

import importlib.util
import itertools
import json
import math
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from stages import fetch_model, sample_behavior, write_tasks
from stages.models.chat.chat import Chat, Speech
from stages.models.chat.hosted import HostedChat
from stages.models.fetch.resolve import resolve
from stages.models.hosted.ask.asking import ask
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.identity import Host
from stages.models.inputs import task_inputs
from stages.models.opening import Models
from stages.models.predicting import predict
from stages.models.questions import Answer, Decoding, Question
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import read_table
from tests.conftest import ROOT, small_params
from tests.hosted.llama_server import llama_server
from tests.tiny_gguf import make_adapter_gguf

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="xllamacpp has no wheel for this machine"
)
SMOLLM2 = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["models"]["smollm2"]
TEMPLATE = SimpleNamespace(  # all of a tokenizer that writes a conversation
    chat_template=SMOLLM2["chat_template"], special_tokens_map={}, added_tokens_decoder={}
)
NO_CACHE = {"cache_prompt": False}
WHOLE = {**NO_CACHE, "top_k": 0, "top_p": 1.0, "min_p": 0.0}  # the whole distribution is drawn from
ANIMAL = [{"role": "user", "content": "Name an animal."}]
BEGUN = [
    {"role": "user", "content": "Count to ten."},
    {"role": "assistant", "content": "One, two,"},
]
CONVERSATIONS = [
    ANIMAL,
    BEGUN,
    [{"role": "system", "content": "Be brief: 日本, é."}, *ANIMAL],
    [*ANIMAL, {"role": "assistant", "content": "otter"}, {"role": "user", "content": "Another!"}],
]


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gguf")
    return resolve([SMOLLM2["source"]], SMOLLM2["sha256"], folder, None)


@pytest.fixture(scope="module")
def url(gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("llama")
    adapter = make_adapter_gguf(folder / "adapter.gguf", gguf)
    how = {"template": SMOLLM2["chat_template"], "adapter": str(adapter), "slots": 2}
    with llama_server(gguf, folder / "log.txt", **how) as url:
        yield url


class Asking:
    """Asks the server, each time with an empty cache; a server that loads is waited for."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.count = url, folder, itertools.count()

    def __call__(
        self,
        messages: list[dict[str, str]],
        most: int = 8,
        samples: int = 0,
        model: str = "SmolLM2",
        stop: tuple[str, ...] = (),
        **extra_body: Any,
    ) -> list[Answer]:
        """Its answers: one at temperature 0, else so many samples at temperature 1."""
        told = HostedChat(extra_body=extra_body)
        hosted = Hosted(Host("smollm2", model, self.url), stop, chat=told)
        asked = [Question((n,), (), messages, seed=1 << 40) for n in range(samples or 1)]
        decoding = Decoding(most, 1.0 if samples else 0.0)
        with ResponseCache(self.folder / f"{next(self.count)}.sqlite") as cache:
            return list(ask(hosted, asked, decoding, cache, "").values())

    def posted(self, path: str, **body: Any) -> dict[str, Any]:
        """What llama.cpp says at an address of its own."""
        address = f"{self.url.removesuffix('/v1')}{path}"
        how = {"Content-Type": "application/json"}
        with urllib.request.urlopen(
            urllib.request.Request(address, json.dumps(body).encode(), how)
        ) as response:
            return json.load(response)


@pytest.fixture
def asking(url: str, tmp_path: Path) -> Asking:
    return Asking(url, tmp_path)


def test_a_study_asks_a_server_that_still_loads_and_gets_exact_distributions(
    url, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    params = small_params({"smollm2": {"source": "openai:SmolLM2", "base_url": url}})
    params["chat"]["models"] = {"smollm2": {"extra_body": NO_CACHE}}
    params["experiments"] = {"run": []}
    params["tasks"] |= {"train_inputs": 2, "pilot_inputs": 1, "test_inputs": 1}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    for stage, *arguments in (
        (fetch_model.main, "--model", "smollm2"),
        (write_tasks.main,),
        (sample_behavior.main, "--model", "smollm2"),
    ):
        stage.main(list(arguments), standalone_mode=False)
    behavior = read_table("behavior", Path("data/behavior/smollm2.parquet"))
    assert {row["finish_reason"] for row in behavior} <= {"stop", "length", "decided"}
    assert all(row["first_token_logprob"] < 0 and row["prompt_tokens"] for row in behavior)
    inputs = task_inputs("facts_choice")
    with ResponseCache() as cache:
        subject = Models("predict").base("smollm2")
        rows = list(predict(subject, inputs, ["among_a_or_c"], Decoding(4), cache))
    assert len(rows) == len(inputs)
    for row in rows:
        likely = {one["answer"]: one["probability"] for one in row["distribution"]}
        assert row["distribution_from"] is None and 0 < sum(likely.values()) <= 1.0001


@pytest.mark.parametrize("messages", CONVERSATIONS)
def test_with_our_template_a_conversation_is_read_as_by_a_local_model(messages, asking):
    written = Chat(TEMPLATE, Speech((), "off", "2026-01-01"), frozenset()).written(messages)
    (found,) = asking(messages, 1)
    assert asking.posted("/apply-template", messages=messages)["prompt"] == written
    tokens = asking.posted("/tokenize", content=written, parse_special=True)["tokens"]
    assert found.meter.prompt_tokens == len(tokens)


def test_without_our_template_the_model_is_told_what_nobody_said(gguf, asking, tmp_path):
    with llama_server(gguf, tmp_path / "log.txt") as url:
        (own,) = Asking(url, tmp_path)(ANIMAL, 1)
    assert own.meter.prompt_tokens > asking(ANIMAL, 1)[0].meter.prompt_tokens


def test_after_an_adapter_the_base_answers_by_its_cache_unless_that_is_off(asking):
    def said(**extra_body: Any) -> tuple[str, float | None]:
        (found,) = asking(ANIMAL, **extra_body)
        return found.text, found.logprob

    adapter = {"lora": [{"id": 0, "scale": 1.0}]}
    base = said(**NO_CACHE)
    assert said(**NO_CACHE, **adapter) != base == said(**NO_CACHE)
    for _ in range(2):  # in each place that the server has for requests
        said(**adapter)
    assert said() != base == said(**NO_CACHE)


def test_samples_come_alone_or_together_as_their_seeds_say(asking):
    together, alone = (asking(ANIMAL, samples=n, **WHOLE) for n in (2, 5))  # of 5 none come
    assert [one.text for one in together] == [one.text for one in alone[:2]]
    assert len({one.text for one in alone}) > 1
    assert sum(one.meter.answer_tokens for one in together) > 8  # it counts those of one


def test_rare_words_are_drawn_where_the_server_is_told_to_cut_none(asking):
    word = [{"role": "user", "content": "Say any word."}]
    (likely,) = asking(word, 1, **NO_CACHE)
    least = likely.first_token_logprob + math.log(0.05)  # its min_p
    cut, whole = (
        [one.first_token_logprob for one in asking(word, 1, samples=12, **how)]
        for how in (NO_CACHE, WHOLE)
    )
    assert min(cut) >= least - 1e-3 > min(whole)


@pytest.mark.parametrize("blank", ["", " "])
def test_a_begun_answer_is_gone_on_with_also_behind_a_blank(blank, asking):
    *before, begun = BEGUN
    messages = [*before, {**begun, "content": f"{begun['content']}{blank}"}]
    assert asking(messages, 3, **NO_CACHE)[0].text.startswith("three")


def test_a_model_that_it_does_not_have_is_answered_by_the_one_that_it_has(asking):
    known, unknown = (asking(ANIMAL, model=name, **NO_CACHE) for name in ("SmolLM2", "nobody"))
    assert known[0].text == unknown[0].text


def test_an_answer_that_a_stop_mark_cuts_within_a_token_keeps_its_text(asking):
    (whole,) = asking(ANIMAL, **NO_CACHE)
    middle = whole.text.split()[1][1:]  # of a token that begins with a blank
    (found,) = asking(ANIMAL, stop=(middle,), **NO_CACHE)
    assert (found.text, found.finish_reason) == (whole.text.partition(middle)[0], "stop")
