"""A subject that can be asked: a base model, or a base model with an adapter, in memory."""

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from stages.models.chat.chat import Chat, Speech
from stages.models.chat.loading import load_chat
from stages.models.local.subject.generation import Rows
from stages.models.local.subject.trial import how_rows, is_decoder, shares_prefixes
from stages.storage.errors import StudyError
from stages.storage.files import file_sha256
from stages.storage.keys import digest

log = logging.getLogger(__name__)

DTYPE = torch.float32


@dataclass(frozen=True)
class Subject:
    """A model, and how it is spoken to.

    `fingerprint` is a hash of the weights and the tokenizer, `adapter_config` one of how an
    adapter is laid over them, `precision` the device, dtype and quantization of the weights.
    """

    name: str
    model: Any
    chat: Chat
    fingerprint: str
    precision: Mapping[str, str | None]
    adapter_config: str | None = None
    shares: bool = True  # its attention takes a prefix tree
    rows: Rows = field(default_factory=Rows)  # how it is asked where it does not

    @property
    def tokenizer(self) -> Any:
        return self.chat.tokenizer

    @property
    def device(self) -> torch.device:
        device: torch.device = self.model.device
        return device


def default_device() -> torch.device:
    """cuda where there is one, else cpu, on all cores unless OMP_NUM_THREADS says how many."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(_cores())
    return torch.device("cpu")


def _cores() -> int:
    """Those that this process may use, as far as Python (from 3.13 on) or the system tells."""
    count = getattr(os, "process_cpu_count", None)
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    found: int | None = count() if count else len(affinity(0)) if affinity else os.cpu_count()
    return found or 1


def load_base(folder: Path) -> Subject:
    """The model that fetch_model wrote to `folder`, in float32.

    Raises StudyError for a model that is no decoder (BERT, say).
    """
    from transformers import AutoModelForCausalLM

    subject = without_weights(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=DTYPE, use_safetensors=True)
    model.to(default_device()).eval()
    if shares_prefixes(model):
        return replace(subject, model=model)
    if not is_decoder(model):
        raise StudyError(
            f"{subject.name}: what it says after a text depends on the text that follows; it is "
            "no decoder, and cannot be asked"
        )
    log.warning(f"{subject.name}: its attention takes no prefix tree, so it is asked more slowly")
    return replace(subject, model=model, shares=False, rows=how_rows(model))


def without_weights(folder: Path) -> Subject:
    """All of the model in `folder` but its weights: enough for the keys of its answers."""
    from transformers import AutoConfig

    manifest = folder / "model.json"
    if not manifest.is_file():
        raise StudyError(f"{folder}: no model here; run `dvc repro` to fetch it")
    about = json.loads(manifest.read_text(encoding="utf-8"))
    speech = Speech(tuple(about["stop"]), about["thinking"], about["date"])
    quantization = AutoConfig.from_pretrained(folder).to_dict().get("quantization_config")
    return Subject(
        about["id"],
        None,
        load_chat(folder, speech),
        about["fingerprint"],
        {
            "device": default_device().type,
            "dtype": str(DTYPE),
            "quantization": quantization and digest(quantization),
        },
    )


def with_adapter(base: Subject, folder: Path, name: str) -> Subject:
    """The base with the adapter of `folder` merged into its weights; `base` is used up."""
    from peft import PeftModel

    subject = adapted(base, folder, name)
    model = PeftModel.from_pretrained(base.model, str(folder)).merge_and_unload().eval()
    return replace(subject, model=model)


def adapted(base: Subject, folder: Path, name: str) -> Subject:
    """The base under the name and hashes that the adapter of `folder` gives it."""
    weights, config = folder / "adapter_model.safetensors", folder / "adapter_config.json"
    if not weights.is_file():
        raise StudyError(f"{folder}: no adapter here; run `dvc repro` to train it")
    parts = f"{base.fingerprint}{file_sha256(weights)}"
    told = json.loads(config.read_text(encoding="utf-8"))
    return replace(
        base,
        name=name,
        fingerprint=hashlib.sha256(parts.encode()).hexdigest(),
        adapter_config=digest([base.adapter_config, told]),
    )


def trained_subject(
    model: str, adapter: str, seed: int, data: Path = Path("data"), *, weights: bool = True
) -> Subject:
    """The model with its adapter of one training seed, as finetune wrote it below `data`.

    Where no weights are wanted, `without_weights`.
    """
    folder, name = data / "adapters" / adapter / f"seed-{seed}", f"{adapter}/seed-{seed}"
    if not weights:
        return adapted(without_weights(data / "models" / model), folder, name)
    return with_adapter(load_base(data / "models" / model), folder, name)
