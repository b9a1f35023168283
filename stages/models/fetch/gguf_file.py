"""A GGUF file, looked at before it is loaded: whether it is whole, one, and of a known kind.

Only its header is read. A loader that is given a file without one makes a model of default size.
"""

import re
from pathlib import Path
from typing import Any

from stages.models.fetch.weights import Held, refuse_pointer
from stages.storage.errors import StudyError

# The least bits of a number in any format are 1.56; six numbers a byte are no model's.
NUMBERS_A_BYTE = 6
PART = ("split.no", "split.count")
LAYER = re.compile(r"blk\.(\d+)\.")
# What no size of a tensor tells: where the file does not say it, transformers takes that of
# another model. A file that names no frequency means 10,000, as most architectures do.
SAID = ("attention.head_count", "attention.sliding_window", "expert_used_count")
EPSILONS = ("attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon")
FREQUENCY, OTHER_FREQUENCY = "rope.freq_base", ("gemma3", "gptoss", "lfm2", "minimaxm2")
# Numbers that scale positions, also those of files from before there was a type of it.
FACTORS = ("rope.scaling.factor", "rope.scaling.attn_factor", "rope.scale_linear")


def stage(path: Path, room: Path) -> Held:
    """Put a link to the file into the empty folder `room`, for a loader that looks beside it.

    Raises StudyError where the file is cut off, a part, of an unknown architecture or more than
    transformers reads of one.
    """
    refuse_pointer(path)
    with open(path, "rb") as file:
        if (magic := file.read(4)) != b"GGUF":
            raise StudyError(f"not a GGUF file: it begins with {magic!r}")
    header, tensors = _header(path)
    _refuse_part(*(header.get(name) for name in PART))
    if not tensors:
        raise StudyError("the GGUF file holds no weights")
    architecture = str(header["general.architecture"])
    _check_architecture(architecture)
    _check_layers(architecture, header, tensors)
    _check_said(architecture, header)
    _check_positions(architecture, header, tensors)
    (room / path.name).symlink_to(path.resolve())
    return Held(len(tensors), path.stat().st_size * NUMBERS_A_BYTE)


def _header(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the file says of itself, arrays of texts left out, and the names of its tensors."""
    from transformers.integrations.gguf.reader import read_gguf_metadata

    try:
        return read_gguf_metadata(str(path))
    except Exception as error:  # a reader of raw memory: whatever it raises, the file is at fault
        fields = read_whole(path)
        _refuse_part(*(fields.get(name) for name in PART))  # a later part says nothing else
        if "general.architecture" not in fields:
            raise StudyError("the GGUF file does not say of which architecture it is") from None
        raise StudyError(f"the GGUF file cannot be read: {error}") from None


def read_whole(path: Path) -> dict[str, Any]:
    """What the file says of itself, if all that it names is there; raises StudyError if not.

    For one that could not be loaded: it takes as long as a loader takes for a large vocabulary.
    """
    from gguf import GGUFReader

    try:
        return {name: field.contents() for name, field in GGUFReader(path).fields.items()}
    except Exception as error:  # the same
        raise StudyError(
            f"the GGUF file is damaged or cut off at {path.stat().st_size:,} bytes: "
            f"{type(error).__name__}: {' '.join(str(error).split())}"
        ) from None


def _refuse_part(number: Any, count: Any) -> None:
    if isinstance(number, int) and isinstance(count, int) and count > 1:
        raise StudyError(
            f"the GGUF file is part {number + 1} of {count}; join them first: "
            "`llama-gguf-split --merge PART_1 WHOLE` of llama.cpp"
        )


def _check_architecture(architecture: str) -> None:
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    no_language_models = {"general", "tokenizer", "t5", "umt5"}
    supported = sorted(set(GGUF_SUPPORTED_ARCHITECTURES) - no_language_models)
    if _letters(architecture) not in map(_letters, supported):
        raise StudyError(
            f"the GGUF file has the architecture {architecture!r}; "
            f"transformers reads {', '.join(supported)}"
        )


def _letters(architecture: str) -> str:
    """GGUF writes qwen2moe and gpt-oss where transformers writes qwen2_moe and gpt_oss."""
    return architecture.replace("-", "").replace("_", "")


def _check_layers(architecture: str, header: dict[str, Any], tensors: tuple[str, ...]) -> None:
    """What the header leaves out would be of default size; layers beyond it would be dropped."""
    for key in ("embedding_length", "block_count"):
        if not isinstance(header.get(f"{architecture}.{key}"), int):
            raise StudyError(f"the GGUF file lacks {architecture}.{key} in its header")
    said = header[f"{architecture}.block_count"]
    found = 1 + max((int(layer[1]) for name in tensors if (layer := LAYER.match(name))), default=-1)
    if said != found:
        raise StudyError(f"the GGUF file says that it has {said} layers and holds {found}")


def _check_said(architecture: str, header: dict[str, Any]) -> None:
    """What transformers reads of this architecture and would make up."""
    from transformers.modeling_gguf_pytorch_utils import GGUF_TO_TRANSFORMERS_MAPPING

    known = GGUF_TO_TRANSFORMERS_MAPPING["config"]
    read = next(keys for name, keys in known.items() if _letters(name) == _letters(architecture))
    needed: list[tuple[str, ...]] = [(key,) for key in SAID if key in read]
    if any(key in read for key in EPSILONS):
        needed.append(tuple(sorted(EPSILONS, key=lambda key: key not in read)))
    if _letters(architecture) in OTHER_FREQUENCY:
        needed.append((FREQUENCY,))
    for keys in needed:
        if not any(f"{architecture}.{key}" in header for key in keys):
            raise StudyError(f"the GGUF file lacks {architecture}.{keys[0]} in its header")


def _check_positions(architecture: str, header: dict[str, Any], tensors: tuple[str, ...]) -> None:
    """Scaled rotary positions, which transformers leaves out silently but for gpt-oss."""
    scaled = [name for name in tensors if name.startswith("rope_")]
    kind = f"{architecture}.rope.scaling.type"
    if kind not in header:
        factors = (f"{architecture}.{key}" for key in FACTORS)
        scaled += [f"{key} {header[key]}" for key in factors if header.get(key, 1) not in (0, 1)]
    elif header[kind] != "none" and _letters(architecture) != "gptoss":
        scaled.append(f"{kind} {header[kind]}")
    if scaled:
        raise StudyError(
            f"the GGUF file scales its positions ({scaled[0]}), which transformers does not read "
            "from a GGUF; name the model's safetensors"
        )
