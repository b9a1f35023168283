"""A GGUF file or a folder of safetensors as the one form that every stage loads.

The folder has model.safetensors in float32, config.json, the tokenizer with its chat template,
and model.json, written last: its existence means that the folder is complete. The same source
gives the same bytes on every run.
"""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from stages.storage.errors import StudyError
from stages.storage.files import file_sha256, write_json

log = logging.getLogger(__name__)

NO_TEMPLATE = (
    "the model has no chat template of its own; give chat_template in params.yaml, "
    "a Jinja text over `messages` and `add_generation_prompt`"
)
# What depends on where and how a model was loaded, or asks for code of its author's.
NOT_KEPT = (
    "_name_or_path",
    "_model_name_or_path",
    "name_or_path",
    "auto_map",
    "is_local",
    "local_files_only",
)


def convert(source: Path, folder: Path, chat_template: str | None) -> dict[str, Any]:
    """Write the model of `source` to `folder`, without model.json.

    Returns its architecture and its number of parameters. Raises StudyError.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    where: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    how: dict[str, Any] = {"use_safetensors": True, "dtype": torch.float32}
    if source.is_dir():
        _check_folder(source)
        where["pretrained_model_name_or_path"] = source
    else:
        from transformers import GgufConfig

        _check_magic(source)
        where |= {"pretrained_model_name_or_path": source.parent, "gguf_file": source.name}
        how["quantization_config"] = GgufConfig(dequantize=True)
    try:
        log.info("reading the weights")
        where["config"] = AutoConfig.from_pretrained(**where)
        loaded: Any = AutoModelForCausalLM.from_pretrained(**where, **how, output_loading_info=True)
        model, report = loaded
        log.info("reading the tokenizer")
        tokenizer = AutoTokenizer.from_pretrained(**where)
    except Exception as error:  # a loader of many formats: no common class, one cause, the files
        if source.is_file():
            _explain_gguf(source)
        raise StudyError(f"cannot be read: {_one_line(error)}") from error
    if absent := sorted(report["missing_keys"]):
        raise StudyError(f"lacks {len(absent)} weights of its architecture, first {absent[0]}")
    if chat_template is not None:
        tokenizer.chat_template = chat_template
    _check_template(tokenizer)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    parameters = model.num_parameters()
    log.info(f"writing {parameters:,} parameters")
    _write(model, tokenizer, folder)
    return {"architecture": type(model).__name__, "parameters": parameters}


def _write(model: Any, tokenizer: Any, folder: Path) -> None:
    """Save both, without what is the study's to say and what depends on the place."""
    from transformers import GenerationConfig

    ids = ("bos_token_id", "eos_token_id", "pad_token_id")  # how to sample is the study's to say
    model.generation_config = GenerationConfig(
        **{name: getattr(model.generation_config, name) for name in ids}
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for name in ("config.json", "tokenizer_config.json"):
        _forget_place(folder / name)


def describe(folder: Path, about: dict[str, Any], stop: list[str]) -> None:
    """Write model.json: `about`, what the model is, and the fingerprint of all that it answers by.

    The fingerprint is the sha256 over the names and hashes of the files, and over `stop`.
    """
    hashes = [(path.name, file_sha256(path)) for path in sorted(folder.iterdir())]
    fingerprint = hashlib.sha256(json.dumps([hashes, stop]).encode()).hexdigest()
    write_json(folder / "model.json", {**about, "fingerprint": fingerprint, "stop": stop})


def _check_folder(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    if not names & {"model.safetensors", "model.safetensors.index.json"}:
        pickles = sorted(n for n in names if n.endswith((".bin", ".pt", ".pth", ".ckpt")))
        found = f"; {pickles[0]} is a pickle, and a pickle is never loaded" if pickles else ""
        raise StudyError(f"the folder has no model.safetensors{found}")
    if "config.json" not in names:
        raise StudyError("the folder has no config.json")


def _check_magic(path: Path) -> None:
    with open(path, "rb") as file:
        if (magic := file.read(4)) != b"GGUF":
            raise StudyError(f"not a GGUF file: it begins with {magic!r}")


def _explain_gguf(path: Path) -> None:
    """Say what is wrong with a GGUF file that could not be loaded, where that can be known.

    Only afterwards, as reading a large vocabulary takes as long as the loader takes for it.
    """
    from gguf import GGUFReader
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    try:
        architecture = GGUFReader(path).fields["general.architecture"].contents()
    except Exception as error:  # a reader of raw memory: whatever it raises, the file is at fault
        size = path.stat().st_size
        raise StudyError(
            f"the GGUF file is damaged or cut off at {size:,} bytes: {_one_line(error)}"
        ) from error
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


def _check_template(tokenizer: Any) -> None:
    if tokenizer.chat_template is None:
        raise StudyError(NO_TEMPLATE)
    try:
        tokenizer.apply_chat_template(
            [{"role": "user", "content": "?"}], tokenize=False, add_generation_prompt=True
        )
    except Exception as error:  # jinja's errors, and whatever the template raises
        raise StudyError(f"chat_template: {_one_line(error)}") from error


def _forget_place(path: Path) -> None:
    settings = json.loads(path.read_text(encoding="utf-8"))
    kept = {key: value for key, value in settings.items() if key not in NOT_KEPT}
    write_json(path, kept)


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
