"""params.yaml read and checked before anything runs.

Every wrong value is one line that names the key, the value and what is allowed.
"""

from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages.params.study import Params
from stages.storage.errors import StudyError


def _keys(place: tuple[str | int, ...]) -> list[str]:
    """The keys that are allowed at a place in the params."""
    owner: Any = Params
    for part in place:
        if get_origin(owner) is dict:
            owner = get_args(owner)[1]
        else:
            owner = owner.model_fields[part].annotation
            if type(None) in get_args(owner):  # a section that may be left out
                owner = get_args(owner)[0]
    return list(owner.model_fields)


def _line(path: Path, error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"] if part not in ("str", "list[str]"))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return f"{path}: {key}: unknown key; allowed: {', '.join(_keys(error['loc'][:-1]))}"
    if error["type"] == "missing":
        return f"{path}: {key}: this key is missing"
    found = error["input"]
    named = isinstance(found, dict | BaseModel) or message.startswith(repr(found))
    shown = "" if named else f"{found!r}: "
    return f"{path}: {key}: {shown}{message}" if key else f"{path}: {message}"


def load_params(path: str | Path = "params.yaml") -> Params:
    """Read and validate params.yaml; raises StudyError with one line for each wrong value."""
    path = Path(path)
    try:
        raw = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"{path}: no such file; run at the root of the project") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise StudyError(f"{path}: the top level is {raw!r}; a mapping of keys is allowed")
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        lines = dict.fromkeys(_line(path, item) for item in error.errors())
        raise StudyError("\n".join(lines)) from None
