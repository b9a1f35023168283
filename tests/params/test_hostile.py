"""Whatever stands in a params file, what is said is a few short lines, at once; or it is sound."""

import time

import pytest
import yaml

from stages.params import load_params
from stages.storage.errors import StudyError
from tests.conftest import ROOT

DEFAULT = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
BILLION = 10**9
TEXT = yaml.safe_dump({key: value for key, value in DEFAULT.items() if key != "seed"})
"""all but the seed, instead of which something else is written"""
BOMB = "a0: &a0 [x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)

# What is written for the seed, and what is said of it; None where it is sound.
WRITTEN = {
    "seed: &one 1\nseeds: [*one]": None,
    "\ufeffseed: 3": None,
    "base: &base {epochs: 2}": "base: unknown key; allowed: seed, seeds, subjects",
    "seed: 0x10": None,
    "seed: 1e3": "seed: 1000.0: Input should be a valid integer",
    "seed: 010": None,
    "seed: 0o17": None,
    "seed: no": "seed: 'no': Input should be a valid integer",
    "seed: 2024-02-30": "not YAML in UTF-8: day ",
    "seed: 2024-02-03": "seed: datetime.date(2024, 2, 3): Input should be",
    "seed: *nobody": "line 1: found undefined alias 'nobody'",
    "seed: &s [*s]": "seed: [[",
    "seed: !!python/name:os.system": "line 1: could not determine a constructor for the tag",
    "seed: !other 1": "line 1: could not determine a constructor for the tag '!other'",
    "seed: !!float x": "not YAML in UTF-8: could not convert string to float",
    "seed: !!binary 'eA=='": "seed: b'x': Input should be a valid integer",
    "seed: !!omap [3]": "line 1: expected a mapping of length 1",
    "seed: 0\nseed: 1": 'line 2: found duplicate key "seed"',
    "seed: {a: 1, a: 2}": 'line 1: found duplicate key "a"',
    "? [x, y]\n: 1": "('x', 'y') is no text; a key is one",
    "~: 1": "None is no text; a key is one",
    "7: 1": "7 is no text; a key is one",
    "seed: \x07": "unacceptable character",
    'seed: "\\x1b[2J"': "seed: '\\x1b[2J': Input should be a valid integer",
    'seed: "a\\0b"': "seed: 'a\\x00b': a text without \\0 and surrogates is allowed",
    'seed: "\\udc80"': "seed: '\\udc80': a text without",
    "seed: [1, 2": "not YAML in UTF-8: line ",
    "seed: '${seeds}'": "seed: '${seeds}': Input should be a valid integer",
    f"seed: {'[' * 1000}": "values lie in each other too deep",
    f"seed: {'9' * 5000}": "not YAML in UTF-8: Exceeds the limit",
    f"seed: 0x{'f' * 5000}": "seed: an integer of 20000 bits: ",
    f"seed: {'x' * 100_000}": "Input should be a valid integer",
    f"{'k' * 900}: 1": "unknown key; allowed: ",
    f"seed: {'x' * 300_000}": "has over 256 kB, which is no file of params",
    BOMB + "seed: *a29": "seed: [[",
    "\n".join(f"k{n}: 1" for n in range(500)): " more are wrong",
}


def load(folder, data: bytes):
    (folder / "params.yaml").write_bytes(data)
    return load_params(folder / "params.yaml")


def said(folder, data: bytes) -> str:
    started = time.process_time()
    with pytest.raises(StudyError) as caught:
        load(folder, data)
    assert time.process_time() - started < 10
    lines = str(caught.value).splitlines()
    assert len(lines) <= 6 and max(map(len, lines)) <= 500
    assert all(line.startswith(f"{folder}/params.yaml: ") for line in lines)
    assert str(caught.value).replace("\n", "").isprintable()
    return str(caught.value)


@pytest.mark.parametrize(("written", "message"), WRITTEN.items(), ids=range(len(WRITTEN)))
def test_what_is_written_is_sound_or_a_short_line(tmp_path, written, message):
    sound = "&one" in written  # which writes the seeds too
    rest = TEXT.replace("seeds:\n- 0\n", "") if sound else TEXT
    data = f"{written}\n{rest}".encode()
    if message is None:
        assert load(tmp_path, data).seed >= 0
    else:
        assert message in said(tmp_path, data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the top level is None; a mapping of keys is allowed"),
        (b"# nothing\n", "the top level is None; a mapping of keys is allowed"),
        (b"- seed\n- 1\n", "the top level is ['seed', 1]; a mapping of keys is allowed"),
        (b"just words\n", "the top level is 'just words'; a mapping of keys is allowed"),
        ("seed: 1\n".encode("utf-16"), "not YAML in UTF-8: 'utf-8' codec"),
        ("# caf\xe9\nseed: 1\n".encode("latin-1"), "not YAML in UTF-8: 'utf-8' codec"),
        (b"seed: 1\n---\nseed: 2\n", "not YAML in UTF-8: line "),
    ],
)
def test_a_file_of_another_kind_is_a_short_line(tmp_path, data, message):
    assert message in said(tmp_path, data)


# What a key is given, and what is said of it; None where it is sound.
GIVEN = [
    ("evaluate", None, "evaluate: None: a mapping of keys is allowed"),
    ("finetune", [1], "finetune: [1]: a mapping of keys is allowed"),
    ("experiments", None, "experiments: None: a mapping of keys is allowed"),
    ("experiments.run", ["scaling", "magic"], "experiments.run: 'magic' is no experiment; allowed"),
    ("experiments.scaling", None, "experiments: 'scaling' is in run and has no section"),
    ("experiments.scaling.size", 3, "experiments.scaling.size: unknown key; allowed: sizes, in"),
    ("experiments.behavior_change.answers", "path:", "experiments.behavior_change.answers: 'path"),
    ("experiments.prompt_shift.prefixes", ["x"], "prefixes: ['x']: a mapping of keys is allowed"),
    ("models", {}, "models: Dictionary should have at least 1 item"),
    ("models.x", {"source": []}, "models.x.source: []: an empty list"),
    ("models.x", {"source": "hub:a/b@v1"}, "models.x.source: 'hub:a/b@v1' names no pinned"),
    ("models.x", {"source": "path:a", "lora": 1}, "models.x.lora: unknown key; allowed: source, "),
    ("models.x", {"source": "path:a", "sha256": "g" * 64}, "models.x.sha256: 'ggg"),
    *(
        (f"models.{name}", {"source": "path:a"}, f"models: {name!r} is no plain name; letters")
        for name in ("", "-x", "--help", "a b", "a\nb", "a/b", "..", "\xe4", "\u0430bc", "x" * 65)
    ),
    ("models.Gemma3", {"source": "path:a"}, None),
    ("subjects", ["gemma3", "gemma3"], "subjects: 'gemma3' stands twice"),
    ("subjects", ["gemma3; date"], "subjects: 'gemma3; date' is no model; allowed: "),
    ("subjects", ["gemma3"], "behavior_change.answers: 'other' is what the next subject does"),
    ("subjects", "gemma3", "subjects: 'gemma3': Input should be a valid list"),
    ("tasks.train", ["poems"], "tasks.train: 'poems' is no task; allowed: countries_long"),
    ("tasks.loaded", {"../x": {"source": "path:a"}}, "tasks.loaded"),
    ("tasks.train_inputs", "10", "tasks.train_inputs: '10': Input should be a valid integer"),
    ("tasks.train_inputs", 10.0, "tasks.train_inputs: 10.0: Input should be a valid integer"),
    ("tasks.train_inputs", True, "tasks.train_inputs: True: Input should be a valid integer"),
    ("properties", ["first_wrod"], "'first_wrod' is no property; allowed: first_word, "),
    ("properties", [], "properties: []: List should have at least 1 item"),
    ("evaluate.confidence", float("nan"), "evaluate.confidence: nan: Input should be a finite"),
    ("finetune.learning_rate", float("inf"), "finetune.learning_rate: inf: Input should be a fin"),
    ("finetune.warmup_fraction", 1.5, "finetune.warmup_fraction: 1.5: Input should be less"),
]


def given(key: str, value: object) -> dict:
    params = yaml.safe_load(yaml.dump(DEFAULT))
    *sections, last = key.split(".", 1) if key.startswith("models.") else key.split(".")
    place = params
    for section in sections:
        place = place[section]
    place[last] = value
    return params


@pytest.mark.parametrize(("key", "value", "message"), GIVEN)
def test_what_a_key_is_given_is_sound_or_a_short_line(tmp_path, key, value, message):
    data = yaml.safe_dump(given(key, value), allow_unicode=True).encode()
    if message is None:
        assert load(tmp_path, data)
    else:
        assert message in said(tmp_path, data)


def sizes(section: object, place: tuple[str, ...] = ()):
    """The keys that hold integers, but for seeds."""
    for key, value in section.items() if isinstance(section, dict) else ():
        if isinstance(value, dict):
            yield from sizes(value, (*place, key))
        elif type(value) is int and key != "seed":
            yield ".".join((*place, key))


@pytest.mark.parametrize("key", list(sizes(DEFAULT)))
@pytest.mark.parametrize("size", [BILLION, -1])
def test_no_size_is_a_billion_or_below_zero(tmp_path, key, size):
    message = said(tmp_path, yaml.safe_dump(given(key, size)).encode())
    assert f"{key}: {size}: Input should be " in message


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("experiments.scaling.sizes", "experiments.scaling.sizes.0: 1000000000: "),
        ("seeds", "seeds: List should have at most 1000 items"),
        ("subjects", "subjects: List should have at most 100 items"),
    ],
)
def test_a_list_has_a_most_too(tmp_path, key, found):
    value = [BILLION] if "sizes" in key else list(range(1001))
    value = [f"m{n}" for n in range(101)] if key == "subjects" else value
    message = said(tmp_path, yaml.safe_dump(given(key, value)).encode())
    assert found.split(": ")[0] in message and found.split(": ")[1] in message
