"""Files of a folder's weights: safetensors of that folder alone, looked at by their headers."""

import json
import os
import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from stages.storage.errors import StudyError

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
FLOATS = re.compile(r"B?F(8_\w+|16|32|64)")
BYTES = ("I8", "U8")  # which quantized weights are packed into
# Buffers that older versions saved, and parts beside the language model.
LEFT_OUT = re.compile(
    r"(attn|attention)\.(masked_)?bias$|inv_freq$|position_ids$|_extra_state$"
    r"|(^|\.)(vision|visual|audio|image|speech|mtp|multi_modal|mm_|talker|code2wav|token2wav)"
)


@dataclass(frozen=True)
class Held:
    """What files of weights hold: how many tensors, and at most how many numbers."""

    tensors: int
    numbers: int


def weight_files(folder: Path, names: set[str]) -> dict[str, set[str]]:
    """The files of the weights, each with the tensors that the index looks for in it."""
    if INDEX not in names:
        if WEIGHTS not in names:
            pickles = sorted(name for name in names if name.endswith(PICKLES))
            found = f"; {pickles[0]} is a pickle, and a pickle is never loaded" if pickles else ""
            raise StudyError(f"the folder has no {WEIGHTS}{found}")
        return {WEIGHTS: set()}
    placed = read_json(own_file(folder, INDEX)).get("weight_map")
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
    if WEIGHTS in names - files.keys():
        raise StudyError(
            f"the folder has both {WEIGHTS} and an index of others; take out what is not meant"
        )
    if absent := sorted(files.keys() - names):
        raise StudyError(f"{INDEX} names {absent[0]!r}, which is not in the folder")
    return files


def held_by(files: dict[str, set[str]], folder: Path, *, quantized: bool) -> Held:
    """What the files of weights hold, by their headers; all that the index looks for is there.

    A loader reads all tensors of all files, so one that lies in two is refused.
    """
    held: dict[str, str] = {}  # the file of each tensor
    numbers = 0
    for name, indexed in files.items():
        sizes = _sizes(own_file(folder, name), quantized=quantized)
        if absent := indexed - sizes.keys():
            raise StudyError(f"{INDEX} looks for {min(absent)!r} in {name}, which lacks it")
        if twice := held.keys() & sizes.keys():
            first = min(twice)
            raise StudyError(
                f"{first} lies in two files, {held[first]} and {name}; take out what is not meant"
            )
        held |= dict.fromkeys(sizes, name)
        numbers += sum(sizes.values())
    return Held(len(held), numbers)


def _sizes(path: Path, *, quantized: bool) -> dict[str, int]:
    """How many numbers each tensor of a safetensors file has, from its header alone."""
    refuse_pointer(path)
    try:
        with safe_open(path, "pt") as file:
            names = file.keys()  # it is no mapping
            tensors = {name: file.get_slice(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise StudyError(
            f"{path.name} is no safetensors file, or damaged or cut off at "
            f"{path.stat().st_size:,} bytes: {error}"
        ) from None
    for name, tensor in tensors.items():
        kind = tensor.get_dtype()
        if FLOATS.fullmatch(kind) or (quantized and kind in BYTES) or LEFT_OUT.search(name):
            continue
        if kind in BYTES:
            raise StudyError(f"{name} holds bytes ({kind}), but config.json names no quantization")
        raise StudyError(f"{name} is of type {kind}; a weight is a floating-point number")
    return {name: prod(tensor.get_shape()) for name, tensor in tensors.items()}


def own_file(folder: Path, name: str) -> Path:
    """The real path of a file of the folder; of a hub's snapshot, of the blob it is a link to."""
    home = folder.resolve()
    allowed = [home]
    if home.parent.name == "snapshots" and home.parents[1].name.startswith("models--"):
        allowed.append(home.parents[1] / "blobs")
    path = Path(os.path.realpath(home / name))
    if path.parent not in allowed:
        raise StudyError(
            f"{name} is a link that leads out of the folder, to {str(path)!r}; put the file there"
        )
    if not path.is_file():
        raise StudyError(f"{name} is no file")
    return path


def refuse_pointer(path: Path) -> None:
    """Raise StudyError where Git LFS has left a note in place of the file."""
    with open(path, "rb") as file:
        if file.read(40).startswith(b"version https://git-lfs"):
            raise StudyError(
                f"{path.name} is a pointer of Git LFS, not the file; run `git lfs pull`"
            )


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a model; raises StudyError where it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{path.name} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise StudyError(f"{path.name} is to hold a JSON object")
    return found
