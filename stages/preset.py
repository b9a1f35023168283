"""preset: the arguments that make `dvc exp run` a study of another size.

    dvc exp run $(python -m stages.preset smoke)
    python -m stages.preset laptop --write   # changes params.yaml itself, comments kept

A preset is a part of params.yaml (presets/NAME.yaml). What it would make is checked first.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from stages.params import checked, command, load_params, named_file, read_mapping
from stages.storage.errors import StudyError
from stages.storage.files import atomic_path
from stages.terminal.closing import then, wrote

PRESETS = Path("presets")
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
PLAIN_TEXT = re.compile(r"(?!(?:true|false|null|nan|inf)$)[a-z_][a-z0-9_./-]*", re.IGNORECASE)


@command
@click.argument("name")
@click.option("--write", is_flag=True, help="Write the values into params.yaml.")
def main(name: str, write: bool) -> None:
    source, yaml = named_file(PRESETS, name, "preset"), YAML()
    yaml.default_flow_style = False  # as dvc writes it
    preset, before = read_mapping(source), read_mapping("params.yaml")
    params = yaml.load(Path("params.yaml"))
    merge(params, preset)
    try:
        checked(params, source)
    except StudyError:
        load_params()  # what is wrong there is not the preset's
        raise
    if write:
        with atomic_path("params.yaml") as partial:
            yaml.dump(params, partial)
        wrote("params.yaml")
        then("make run")
    else:
        try:
            click.echo(" ".join(f"-S {word}" for word in overrides(preset, before)))
        except ValueError as error:
            raise StudyError(f"{source}: {error}; use --write") from None
        then(f"dvc exp run $(python -m stages.preset {name}) evaluate")


def merge(params: dict[str, Any], preset: dict[str, Any]) -> None:
    """Put the values of the preset into the params, mappings key by key."""
    for key, value in preset.items():
        if isinstance(value, dict) and isinstance(params.get(key), dict):
            merge(params[key], value)
        else:
            params[key] = value


def overrides(preset: dict[str, Any], params: Any, above: str = "") -> Iterator[str]:
    """key=value for each value of the preset: each one word of a shell, in the grammar of dvc's -S.

    A key that the params do not have yet has `++` before it. Raises ValueError where a value
    cannot be written so.
    """
    for key, value in preset.items():
        if not PLAIN_KEY.fullmatch(key):
            raise ValueError(f"{above}{key!r} is no key that dvc's -S can take")
        known = isinstance(params, dict) and key in params
        if known and isinstance(value, dict) and isinstance(params[key], dict):
            yield from overrides(value, params[key], f"{above}{key}.")
            continue
        word = f"{'' if known else '++'}{above}{key}={_word(value)}"
        if word.split() != [word]:
            raise ValueError(f"{above}{key}: a value with blanks is several words in $(...)")
        yield word


def _word(value: Any) -> str:
    """A value in the grammar of dvc's overrides, which is Hydra's."""
    if isinstance(value, list):
        return f"[{','.join(map(_word, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{_word(key)}:{_word(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, date):
        value = value.isoformat()
    if not isinstance(value, str):
        return json.dumps(value)
    if PLAIN_TEXT.fullmatch(value):
        return value
    # No reference to another key: what stands before it is a backslash only if written twice.
    escaped = re.sub(r"(\\*)\$\{", lambda m: m[1] * 2 + "\\${", value)
    # Before a quote, and at the end, a backslash is one only where it is written twice.
    return "'" + re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + ("\\'" if m[2] else ""), escaped) + "'"


if __name__ == "__main__":
    main()
