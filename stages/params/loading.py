"""params.yaml, a preset, a control: read, and checked before anything runs.

Every wrong value is one short line that names the file, the key, the value and what is allowed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from stages.params.messages import cut, lines, short
from stages.params.study import Params
from stages.storage.errors import StudyError

# To read YAML takes two seconds a hundred kilobytes; the committed params have five.
LARGEST = 256 * 1024
QUOTES = "'\""


def load_params(path: str | Path = "params.yaml", *, shown: str | Path | None = None) -> Params:
    """Read and check params; raises StudyError with a line for each wrong value.

    `shown` is the file that the user wrote, where that is another.
    """
    return checked(read_mapping(path), shown or path)


def read_mapping(path: str | Path) -> dict[str, Any]:
    """The keys and values of a YAML file, which are plain text; raises StudyError."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise StudyError(f"{path}: no such file; run at the root of the project") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > LARGEST:
        raise StudyError(f"{path}: has over {LARGEST // 1024} kB, which is no file of params")
    try:
        raw = YAML(typ="safe", pure=True).load(data.decode("utf-8"))
    except RecursionError:
        raise StudyError(f"{path}: not YAML of params: values lie in each other too deep") from None
    except (YAMLError, ValueError, OverflowError, TypeError) as error:
        raise StudyError(cut(f"{path}: not YAML in UTF-8: {_problem(error)}")) from None
    if not isinstance(raw, dict):
        raise StudyError(f"{path}: the top level is {short(raw)}; a mapping of keys is allowed")
    for key, text in _texts(raw):
        if "\0" in text or (not text.isprintable() and _surrogate(text)):
            raise StudyError(
                cut(f"{path}: {key}: {short(text)}: a text without \\0 and surrogates is allowed")
            )
    return raw


def checked(raw: dict[str, Any], path: str | Path) -> Params:
    """The params that a mapping tells of; raises StudyError, as said of a file called `path`."""
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        raise StudyError("\n".join(lines(error, Params, path))) from None


def named_file(folder: Path, name: str, what: str) -> Path:
    """The file of a preset or a control by its name; raises StudyError where there is none."""
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in known:
        source = short(name)[1:-1]
        raise StudyError(f"{folder}/{source}.yaml: no such {what}; there are: {', '.join(known)}")
    return folder / f"{name}.yaml"


def _problem(error: Exception) -> str:
    """What is wrong in a file, in one line, with the number of its line where that is known."""
    if isinstance(error, MarkedYAMLError) and error.problem_mark and error.problem:
        return f"line {error.problem_mark.line + 1}: {' '.join(error.problem.split())}"
    return " ".join(str(error).split())


def _texts(raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, text) for every text that was read, once, however often an alias repeats it."""
    waiting: list[tuple[str, Any]] = [("", raw)]
    seen: set[int] = set()
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, dict | list) and id(value) not in seen:
            seen.add(id(value))
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            for part, inner in pairs:
                below = f"{key}.{short(part).strip(QUOTES)}".lstrip(".")
                waiting += [(below, part), (below, inner)]


def _surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
