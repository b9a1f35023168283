"""A subject that can be asked: a base model, or a base model with an adapter, in memory."""

import hashlib
import json
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from stages.models.local.subject.attention import shares_prefixes
from stages.storage.errors import StudyError
from stages.storage.files import file_sha256

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """A model with its tokenizer; `fingerprint` is a hash of all that decides its answers."""

    name: str
    model: Any
    tokenizer: Any
    stop: list[str]
    fingerprint: str
    shares: bool = True  # its attention takes a prefix tree

    @property
    def end_tokens(self) -> frozenset[int]:
        """The tokens that end an answer, by the model's own settings and its tokenizer's."""
        config = self.model.generation_config
        ends = config.eos_token_id if config is not None else None
        ends = ends if isinstance(ends, list) else [ends]
        both = (*ends, self.tokenizer.eos_token_id)
        return frozenset(end for end in both if end is not None)

    @property
    def device(self) -> torch.device:
        return self.model.device


def default_device() -> torch.device:
    """cuda where there is one, else cpu, on all cores unless OMP_NUM_THREADS says how many."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(len(os.sched_getaffinity(0)))
    return torch.device("cpu")


def load_base(folder: Path) -> Subject:
    """The model that fetch_model wrote to `folder`, in float32."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    manifest = folder / "model.json"
    if not manifest.is_file():
        raise StudyError(f"{folder}: no model here; run `dvc repro` to fetch it")
    about = json.loads(manifest.read_text(encoding="utf-8"))
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, attn_implementation="sdpa"
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model.to(default_device()).eval()
    shares = shares_prefixes(model)
    if not shares:
        log.warning(f"{about['id']}: its attention takes no prefix tree; asked row by row")
    return Subject(about["id"], model, tokenizer, about["stop"], about["fingerprint"], shares)


def with_adapter(base: Subject, folder: Path, name: str) -> Subject:
    """The base with the adapter of `folder` merged into its weights; `base` is used up."""
    from peft import PeftModel

    weights = folder / "adapter_model.safetensors"
    if not weights.is_file():
        raise StudyError(f"{folder}: no adapter here; run `dvc repro` to train it")
    model = PeftModel.from_pretrained(base.model, str(folder)).merge_and_unload().eval()
    parts = f"{base.fingerprint}{file_sha256(weights)}"
    fingerprint = hashlib.sha256(parts.encode()).hexdigest()
    return replace(base, name=name, model=model, fingerprint=fingerprint)


def trained_subject(model: str, adapter: str, seed: int, data: Path = Path("data")) -> Subject:
    """The model with its adapter of one training seed, as finetune wrote it below `data`."""
    base, folder = load_base(data / "models" / model), data / "adapters" / adapter / f"seed-{seed}"
    return with_adapter(base, folder, f"{adapter}/seed-{seed}")
