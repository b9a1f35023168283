"""A key holds all that decides a value, each part by name; what decides nothing is not in it."""

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from stages.controls.organisms.organism import GROWING
from stages.models.chat.chat import Chat, Speech
from stages.models.chat.thoughts import Thought
from stages.models.local import keys
from stages.models.local.keys import ANSWERING, CUTTING, TEACHING, answer_key
from stages.models.local.rendering import Branch
from stages.models.local.subject.loading import Subject
from stages.models.questions import Decoding, Until
from stages.storage.keys import changed_parts, content_key
from stages.storage.response_cache import AnswerKey
from stages.storage.source import ROOT, source_hash
from tests.conftest import CHAT
from tests.tiny_models import make_tiny_tokenizer

TOKENIZER = make_tiny_tokenizer()
TOKENIZER.chat_template = CHAT
CHATTING = Chat(TOKENIZER, Speech(("\n",), "off", "2026-01-01"), frozenset({0}))
SUBJECT = Subject(
    "one",
    None,
    CHATTING,
    "a hash of weights",
    {"device": "cpu", "dtype": "torch.float32", "quantization": None},
    adapter_config="a hash of alpha 8",
)
BRANCH = Branch(("input", 0), (1, 2, 3), seed=7, closed={"a": (4,), "b": (5, 6)})
UNTIL = Until({"family": "sequence", "reads": {"first_word": [0, 1]}}, bool)
DECODING = Decoding(12, temperature=1.0)


def speaking(**changed: object) -> Subject:
    speech = replace(CHATTING.speech, **changed)
    return replace(SUBJECT, chat=replace(CHATTING, speech=speech))


def key(subject=SUBJECT, branch=BRANCH, decoding=DECODING, until=UNTIL) -> AnswerKey:
    return answer_key(subject, branch, decoding, until)


def rule(**reads: tuple[int, int] | None) -> Until:
    return Until({"family": "sequence", "reads": reads}, bool)


@pytest.mark.parametrize(
    ("part", "changed"),
    {
        "prompt": {"branch": replace(BRANCH, tokens=(1, 2, 4))},
        "max_tokens": {"decoding": replace(DECODING, max_tokens=13)},
        "temperature": {"decoding": replace(DECODING, temperature=0.5)},
        "seed": {"branch": replace(BRANCH, seed=8)},
        "device": {"subject": replace(SUBJECT, precision={**SUBJECT.precision, "device": "cuda"})},
        "dtype": {
            "subject": replace(SUBJECT, precision={**SUBJECT.precision, "dtype": "torch.float16"})
        },
        "quantization": {
            "subject": replace(SUBJECT, precision={**SUBJECT.precision, "quantization": "4 bits"})
        },
        "weights": {"subject": replace(SUBJECT, fingerprint="another hash")},
        "adapter_config": {"subject": replace(SUBJECT, adapter_config="a hash of alpha 800")},
        "stop": {"subject": speaking(stop=())},
        "ends": {"subject": replace(SUBJECT, chat=replace(CHATTING, eos=frozenset({0, 1})))},
        "thought": {"branch": replace(BRANCH, thought=Thought("<think>", "</think>"))},
        "cut_rule": {"until": rule(first_word=(0, 2))},
        "closed": {"branch": replace(BRANCH, closed={"b": (5, 6), "a": (4,)})},
        "score_only": {"branch": replace(BRANCH, score_only=True)},
    }.items(),
)
def test_each_part_of_an_answer_changes_its_key(part, changed):
    other = key(**changed)
    assert other.content != key().content
    assert changed_parts(key().parts, other.parts) == [part]


ROOMS = ("stages/models", "stages/study", "stages/controls", "stages/tasks", "stages/analysis")
MODULES = sorted(
    path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.py")
)


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "stages", root / "stages", ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.parametrize(
    ("named", "decide"),
    [
        (ANSWERING, ("stages/models/local/subject/", "stages/models/local/ask/")),
        (
            CUTTING,
            ("stages/study/compliance.py", "stages/study/decided.py", "stages/study/text/"),
        ),
        (
            TEACHING,
            (
                "stages/models/local/subject/",
                "stages/models/local/teach/",
                "stages/study/splits.py",
            ),
        ),
        (GROWING, ("stages/controls/organisms/organism.py", "stages/study/splits.py")),
    ],
    ids=["answers", "cuts", "adapters", "organisms"],
)
def test_an_edit_changes_a_key_where_the_module_decides_the_value_and_nowhere_else(
    house, named, decide
):
    def changed(modules: list[str]) -> bool:
        codes = {house / module: (house / module).read_text(encoding="utf-8") for module in modules}
        for path, code in codes.items():
            path.write_text(f"{code}\nEDITED = True\n", encoding="utf-8")
        source_hash.cache_clear()
        found = source_hash(*named, root=house)
        for path, code in codes.items():
            path.write_text(code, encoding="utf-8")
        return found != before

    before = source_hash(*named, root=house)
    deciding = [module for module in MODULES if module.startswith(decide)]
    assert all(any(module.startswith(part) for module in deciding) for part in decide)
    assert [module for module in deciding if changed([module])] == deciding
    assert not changed([module for module in MODULES if module not in deciding])


def test_an_edit_of_hosted_models_changes_no_key_of_a_local_answer(house, monkeypatch):
    def now() -> str:
        source_hash.cache_clear()
        return key().content

    monkeypatch.setattr(keys, "source_hash", partial(source_hash, root=house))
    before = now()
    for path in (house / "stages/models/hosted").rglob("*.py"):
        path.write_text(f"{path.read_text(encoding='utf-8')}\nEDITED = True\n", encoding="utf-8")
    assert now() == before
    path = house / "stages/models/local/ask/asking.py"
    path.write_text(f"{path.read_text(encoding='utf-8')}\nEDITED = True\n", encoding="utf-8")
    assert now() != before


def test_the_code_that_asks_and_the_code_that_cuts_change_it(monkeypatch):
    before, uncut = key(), key(until=None)
    monkeypatch.setattr(keys, "source_hash", lambda *names: f"edited {names[0]}")
    assert changed_parts(before.parts, key().parts) == ["cut_source", "source"]
    assert changed_parts(uncut.parts, key(until=None).parts) == ["source"]
    assert before.content != key().content


@pytest.mark.parametrize("package", ["torch", "transformers", "tokenizers", "peft"])
def test_the_version_of_each_package_changes_it(package, monkeypatch):
    before, installed = key(), keys.versions

    def newer(*names: str) -> dict[str, str]:
        found = installed(*names)
        assert package in found
        return {**found, package: "99"}

    monkeypatch.setattr(keys, "versions", newer)
    assert changed_parts(before.parts, key().parts) == ["versions"]
    assert before.content != key().content


def test_names_and_greedy_seeds_decide_nothing():
    renamed = key(replace(SUBJECT, name="two"), replace(BRANCH, key=("other", "first_word", 3)))
    assert renamed.content == key().content
    greedy = Decoding(12)
    assert key(decoding=greedy).content == (
        key(decoding=replace(greedy, budget=9), branch=replace(BRANCH, seed=9)).content
    )


def test_the_order_of_parts_decides_nothing():
    assert content_key({"a": 1, "b": {"c": 2, "d": 3}}) == (
        content_key({"b": {"d": 3, "c": 2}, "a": 1})
    )


def test_a_part_that_one_side_lacks_has_changed():
    assert changed_parts({"a": 1}, {"a": 1, "b": 2}) == ["b"]
