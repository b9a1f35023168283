"""A folder of safetensors as only what may be read of it: no code, no pickle, nothing from outside.

The loaders of transformers follow more than a user sees: an index to any file, a link out of the
folder, an adapter to its base model, a config to code or files of elsewhere. So they are never
given the folder itself, but one with links to its own weights and to copies of its JSON.
"""

import json
import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from stages.storage.errors import StudyError

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
ADAPTERS = ("adapter_config.json", "adapter_model.safetensors", "adapter_model.bin")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
TEXTS = (".jinja", ".model", ".txt")  # of tokenizers and chat templates, beside their JSON
# What a loader would follow: code, other repositories, kernels, files by path, ways to compute.
FOLLOWED = re.compile(
    r"auto_map|custom_(generate|pipelines)|transformers_weights|_?(attn|experts)_implementation(_internal)?|\w+_file"
    r"|(fusion|kernel)_config|_?(model_)?name_or_path|is_local|local_files_only"
)
# Quantizations that transformers turns back into plain weights without a GPU or another package.
TURNED_BACK = ("fp8", "mxfp4")


@dataclass(frozen=True)
class Held:
    """What files of weights hold: how many tensors, and at most how many numbers."""

    tensors: int
    numbers: int


def stage(folder: Path, room: Path) -> Held:
    """Fill the empty folder `room` with what may be read of `folder`. Raises StudyError."""
    names = {path.name for path in folder.iterdir()}
    _refuse_adapters(folder, names)
    weights = _weights(folder, names)
    if "config.json" not in names:
        raise StudyError("the folder has no config.json")
    for name in sorted(names - {INDEX}):
        if name.endswith(".json") and (folder / name).is_file():
            _copy_json(_own(folder, name), room / name)
        elif name.endswith(TEXTS) and (folder / name).is_file():
            (room / name).symlink_to(_own(folder, name))
    held: set[str] = set()
    numbers = 0
    for name, indexed in weights.items():
        path = _own(folder, name)
        shapes = _shapes(path)
        if absent := indexed - shapes.keys():
            raise StudyError(f"{INDEX} looks for {min(absent)!r} in {name}, which lacks it")
        held |= shapes.keys()
        numbers += sum(shapes.values())
        (room / name).symlink_to(path)
    if list(weights) != [WEIGHTS]:
        (room / INDEX).write_bytes(_own(folder, INDEX).read_bytes())
    return Held(len(held), numbers)


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
        named = read_json(_own(folder, ADAPTERS[0])).get("base_model_name_or_path")
        base = f" of {named!r}" if isinstance(named, str) and named else ""
    raise StudyError(f"the folder is an adapter{base} and no model: {how}")


def _weights(folder: Path, names: set[str]) -> dict[str, set[str]]:
    """The files of the weights, each with the tensors that the index looks for in it."""
    if INDEX not in names:
        if WEIGHTS not in names:
            pickles = sorted(name for name in names if name.endswith(PICKLES))
            found = f"; {pickles[0]} is a pickle, and a pickle is never loaded" if pickles else ""
            raise StudyError(f"the folder has no {WEIGHTS}{found}")
        return {WEIGHTS: set()}
    if WEIGHTS in names:
        raise StudyError(
            f"the folder has both {WEIGHTS} and {INDEX}; take out the one that is not meant"
        )
    placed = read_json(_own(folder, INDEX)).get("weight_map")
    if not isinstance(placed, dict) or not placed:
        raise StudyError(f"{INDEX}: weight_map is to map names of tensors to files")
    files: dict[str, set[str]] = {}
    for tensor, name in placed.items():
        if not isinstance(name, str) or not re.fullmatch(r"[^/\\\0]+\.safetensors", name):
            raise StudyError(
                f"{INDEX}: weight_map: {tensor!r} is said to lie in {name!r}; "
                "only *.safetensors of the same folder are read"
            )
        files.setdefault(name, set()).add(tensor)
    if absent := sorted(files.keys() - names):
        raise StudyError(f"{INDEX} names {absent[0]!r}, which is not in the folder")
    return files


def _own(folder: Path, name: str) -> Path:
    """The real path of a file of the folder; of a hub's snapshot, of the blob it is a link to."""
    home = folder.resolve()
    allowed = [home]
    if home.parent.name == "snapshots" and home.parents[1].name.startswith("models--"):
        allowed.append(home.parents[1] / "blobs")
    path = (home / name).resolve()
    if path.parent not in allowed:
        raise StudyError(
            f"{name} is a link that leads out of the folder, to {str(path)!r}; put the file there"
        )
    if not path.is_file():
        raise StudyError(f"{name} is no file")
    return path


def _shapes(path: Path) -> dict[str, int]:
    """How many numbers each tensor of a safetensors file has, from its header alone."""
    try:
        with safe_open(path, "pt") as file:
            names = file.keys()  # it is no mapping
            shapes = {name: file.get_slice(name).get_shape() for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise StudyError(
            f"{path.name} is no safetensors file, or damaged or cut off at "
            f"{path.stat().st_size:,} bytes: {error}"
        ) from None
    return {name: prod(shape) for name, shape in shapes.items()}


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a model; raises StudyError where it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{path.name} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise StudyError(f"{path.name} is to hold a JSON object")
    return found


def _copy_json(path: Path, copy: Path) -> None:
    """The file without what a loader would follow, and to be turned back if it is quantized."""
    if copy.name in ("config.json", "tokenizer_config.json", "generation_config.json"):
        settings = without_followed(read_json(path))
        for part in (settings, settings.get("text_config")):
            if isinstance(part, dict) and part.get("quantization_config"):
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


def _turned_back(quantization: Any) -> dict[str, Any]:
    method = quantization.get("quant_method") if isinstance(quantization, dict) else None
    if method not in TURNED_BACK:
        raise StudyError(
            f"the weights are quantized ({str(method or 'unknown method')[:40]}); plain ones are "
            f"needed, or those of {' or '.join(TURNED_BACK)}, which are turned back"
        )
    return {**quantization, "dequantize": True}
