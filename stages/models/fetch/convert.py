"""A GGUF file or a folder of safetensors as the one form that every stage loads.

The folder has model.safetensors in float32, config.json, the tokenizer with its chat template,
and model.json, written last: its existence means that the folder is complete. The same source
gives the same bytes on every run.
"""

import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any

from stages.models.fetch.checks import check_finite, check_report, check_tokens, embedding_rows
from stages.models.fetch.folder import stage as stage_folder
from stages.models.fetch.folder import without_followed
from stages.models.fetch.gguf_file import read_whole
from stages.models.fetch.gguf_file import stage as stage_gguf
from stages.models.fetch.weights import read_json
from stages.storage.errors import StudyError
from stages.storage.files import file_sha256, write_json

log = logging.getLogger(__name__)

NO_TEMPLATE = (
    "the model has no chat template of its own; give chat_template in params.yaml, "
    "a Jinja text over `messages` and `add_generation_prompt`"
)


def convert(source: Path, folder: Path, chat_template: str | None) -> dict[str, Any]:
    """Write the model of `source` to `folder`, without model.json.

    Returns its architecture and its number of parameters. Raises StudyError.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="read-") as room:
        with _told(source, room):
            model, tokenizer = _read(source, Path(room), chat_template)
        parameters = model.num_parameters()
        log.info(f"writing {parameters:,} parameters")
        _write(model, tokenizer, folder)
    return {"architecture": type(model).__name__, "parameters": parameters}


def _read(source: Path, room: Path, chat_template: str | None) -> tuple[Any, Any]:
    """Model and tokenizer, by way of the empty folder `room`; what is small is looked at first."""
    from transformers import AutoConfig, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    where: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    where["pretrained_model_name_or_path"] = room
    if source.is_dir():
        held = stage_folder(source, room)
    else:
        held = stage_gguf(source, room)
        where["gguf_file"] = source.name
    config = AutoConfig.from_pretrained(**where)
    rows = embedding_rows(config, held)
    log.info("reading the tokenizer")
    tokenizer = AutoTokenizer.from_pretrained(**where, config=config)
    own = tokenizer.chat_template or _template_beside(room / "chat_template.json")
    tokenizer.chat_template = _own_template(own) if chat_template is None else chat_template
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    check_tokens(tokenizer, rows)
    log.info("reading the weights")
    model = _load(where, config)
    check_finite(model)
    return model, tokenizer


@contextmanager
def _told(source: Path, room: str) -> Iterator[None]:
    """What a loader raises as a StudyError: of many formats, no common class, one cause."""
    try:
        yield
    except StudyError:
        raise
    except Exception as error:
        if source.is_file():
            read_whole(source)
        said = _one_line(error).replace(room, "the folder")
        raise StudyError(f"cannot be read: {said}") from error


def _load(where: dict[str, Any], config: Any) -> Any:
    """The model in float32, with all its weights and no others."""
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    # Sizes that do not match are in the report, which says more than the error would.
    how: dict[str, Any] = {"use_safetensors": True, "dtype": torch.float32}
    how |= {"output_loading_info": True, "ignore_mismatched_sizes": True}
    if "gguf_file" in where:
        how["quantization_config"] = GgufConfig(dequantize=True)
    model, report = AutoModelForCausalLM.from_pretrained(**where, **how, config=config)
    check_report(report)
    model._weight_conversions = None  # of quantized names: saved are those of the architecture
    return model.float()


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


def _template_beside(path: Path) -> str | None:
    """The template of a file of its own, where older processors of pictures kept it."""
    held = read_json(path).get("chat_template") if path.is_file() else None
    return held if isinstance(held, str) else None


def _own_template(named: str | dict[str, str] | None) -> str:
    """The template that a tokenizer brings; of several the default one."""
    if not named:
        raise StudyError(NO_TEMPLATE)
    if isinstance(named, str):
        return named
    if "default" not in named:
        raise StudyError(
            f"the model has {len(named)} chat templates, {', '.join(sorted(named))}, and none is "
            "named default; give one as chat_template in params.yaml"
        )
    return named["default"]


def _forget_place(path: Path) -> None:
    """Leave out what depends on where and how a model was loaded, or asks for code."""
    write_json(path, without_followed(json.loads(path.read_text(encoding="utf-8"))))


def _one_line(error: Exception) -> str:
    return shorten(f"{type(error).__name__}: {error}", 300, placeholder=" ...")
