"""What a subject is said to be is what is in memory, with its weights and without them."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from stages.models.local.subject.loading import (
    default_device,
    load_base,
    trained_subject,
    without_weights,
)
from stages.storage.errors import StudyError
from tests.tiny_models import describe, make_tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return describe(make_tiny_model(tmp_path_factory.mktemp("model")), "tiny", stop=["\n"])


def test_a_subject_without_weights_is_the_same_subject(folder):
    loaded, light = load_base(folder), without_weights(folder)
    assert light.model is None
    assert replace(loaded, model=None, chat=light.chat) == light
    assert loaded.precision == {
        "device": loaded.model.device.type,
        "dtype": str(loaded.model.dtype),
        "quantization": None,
    }


def test_how_weights_are_quantized_is_part_of_what_they_are(folder, tmp_path):
    found = set()
    for bits in (4, 8):
        copy = shutil.copytree(folder, tmp_path / str(bits))
        config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
        config["quantization_config"] = {"quant_method": "gptq", "bits": bits}
        (copy / "config.json").write_text(json.dumps(config), encoding="utf-8")
        found.add(without_weights(copy).precision["quantization"])
    assert len(found) == 2 and None not in found


@pytest.mark.parametrize("system", ["linux", "macos", "python 3.13"])
def test_all_cores_that_are_there_are_used_on_every_system(monkeypatch, system):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {1, 3, 4}, raising=False)
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    if system == "macos":
        monkeypatch.delattr(os, "sched_getaffinity")
    if system == "python 3.13":
        monkeypatch.setattr(os, "process_cpu_count", lambda: 2, raising=False)
    used = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    assert default_device() == torch.device("cpu")
    assert used == [{"linux": 3, "macos": 7, "python 3.13": 2}[system]]


def test_what_is_not_there_says_what_to_run(folder, tmp_path):
    with pytest.raises(StudyError, match=r"models/m: no model here; run `dvc repro` to fetch it"):
        without_weights(tmp_path / "models/m")
    (tmp_path / "models").mkdir()
    (tmp_path / "models/m").symlink_to(folder)
    for weights in (True, False):
        with pytest.raises(StudyError, match=r"m-self/seed-0: no adapter here; run `dvc repro`"):
            trained_subject("m", "m-self", 0, tmp_path, weights=weights)
