"""A folder of safetensors as only what may be read of it: no code, no pickle, nothing from outside.

The loaders of transformers follow more than a user sees: an index to any file, a link out of the
folder, an adapter to its base model, a config to code or files of elsewhere. So they are never
given the folder itself, but one with links to its own weights and to copies of its JSON.
"""

import json
import re
from pathlib import Path
from typing import Any

from stages.models.fetch.weights import (
    INDEX,
    WEIGHTS,
    Held,
    held_by,
    own_file,
    read_json,
    weight_files,
)
from stages.storage.errors import StudyError

ADAPTERS = ("adapter_config.json", "adapter_model.safetensors", "adapter_model.bin")
TEXTS = (".jinja", ".model", ".txt")  # of tokenizers and chat templates, beside their JSON
TOKENIZERS = re.compile(r"(tokenizer|tekken)\.json|.*vocab.*|.*\.model")
# What a loader would follow: code, other repositories, kernels, files by path, ways to compute.
FOLLOWED = re.compile(
    r"auto_map|custom_(generate|pipelines)|transformers_weights|\w+_file|(fusion|kernel)_config"
    r"|_?(attn|experts)_implementation(_internal)?|_?(model_)?name_or_path|is_local"
    r"|local_files_only"
)
# Quantizations that transformers turns back into plain weights without a GPU or another package.
TURNED_BACK = ("fp8", "mxfp4")


def stage(folder: Path, room: Path) -> Held:
    """Fill the empty folder `room` with what may be read of `folder`. Raises StudyError."""
    names = {path.name for path in folder.iterdir()}
    _refuse_adapters(folder, names)
    files = weight_files(folder, names)
    if "config.json" not in names:
        raise StudyError("the folder has no config.json")
    if not any(TOKENIZERS.fullmatch(name) for name in names):
        raise StudyError("the folder has no tokenizer: no tokenizer.json, tokenizer.model or vocab")
    for name in sorted(names - {INDEX}):
        if name != "config.json" and (folder / name).is_dir():
            continue
        if name.endswith(".json"):
            _copy_json(own_file(folder, name), room / name)
        elif name.endswith(TEXTS):
            (room / name).symlink_to(own_file(folder, name))
    for name in files:
        (room / name).symlink_to(own_file(folder, name))
    if list(files) != [WEIGHTS]:
        (room / INDEX).write_bytes(own_file(folder, INDEX).read_bytes())
    quantized = bool(_quantizations(read_json(room / "config.json")))
    return held_by(files, folder, quantized=quantized)


def _refuse_adapters(folder: Path, names: set[str]) -> None:
    found = [name for name in ADAPTERS if name in names]
    if not found:
        return
    how = "merge it into its model (merge_and_unload of peft) and name the folder of the result"
    if names & {WEIGHTS, INDEX}:
        raise StudyError(
            f"the folder holds a model and beside it an adapter ({found[0]}): {how}, or take it "
            f"out of the folder if the model alone is meant"
        )
    base = ""
    if ADAPTERS[0] in names:
        named = read_json(own_file(folder, ADAPTERS[0])).get("base_model_name_or_path")
        base = f" of {named!r}" if isinstance(named, str) and named else ""
    raise StudyError(f"the folder is an adapter{base} and no model: {how}")


def _copy_json(path: Path, copy: Path) -> None:
    """The file without what a loader would follow, and to be turned back if it is quantized."""
    if copy.name in ("config.json", "tokenizer_config.json", "generation_config.json"):
        settings = without_followed(read_json(path))
        for part in _quantizations(settings):
            part["quantization_config"] = _turned_back(part["quantization_config"])
        copy.write_text(json.dumps(settings), encoding="utf-8")
    else:
        copy.symlink_to(path)


def without_followed(value: Any) -> Any:
    """JSON without the keys that a loader would follow, at any depth."""
    if isinstance(value, dict):
        return {
            key: without_followed(of) for key, of in value.items() if not FOLLOWED.fullmatch(key)
        }
    return [without_followed(of) for of in value] if isinstance(value, list) else value


def _quantizations(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The config and that of its text model, where they say how the weights are quantized."""
    parts = (config, config.get("text_config"))
    return [part for part in parts if isinstance(part, dict) and part.get("quantization_config")]


def _turned_back(quantization: Any) -> dict[str, Any]:
    method = quantization.get("quant_method") if isinstance(quantization, dict) else None
    if method not in TURNED_BACK:
        raise StudyError(
            f"the weights are quantized ({str(method or 'unknown method')[:40]}); plain ones are "
            f"needed, or those of {' or '.join(TURNED_BACK)}, which are turned back"
        )
    return {**quantization, "dequantize": True}
