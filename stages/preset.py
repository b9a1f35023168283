"""preset: the arguments that make `dvc exp run` a study of another size.

    dvc exp run $(python -m stages.preset smoke)
    python -m stages.preset laptop --write   # changes params.yaml itself, comments kept

A preset is a part of params.yaml (presets/NAME.yaml). What it would make is checked first.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from ruamel.yaml import YAML

from stages.params import command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import atomic_path

PRESETS = Path("presets")


@command
@click.argument("name")
@click.option("--write", is_flag=True, help="Write the values into params.yaml.")
def main(name: str, write: bool) -> None:
    source = PRESETS / f"{name}.yaml"
    if not source.is_file():
        known = ", ".join(sorted(path.stem for path in PRESETS.glob("*.yaml")))
        raise StudyError(f"{source}: no such preset; there are: {known}")
    yaml = YAML()  # as dvc writes it
    yaml.default_flow_style = False
    preset = YAML(typ="safe", pure=True).load(source)
    params = yaml.load(Path("params.yaml"))
    merge(params, preset)
    with TemporaryDirectory() as folder:
        merged = Path(folder) / "params.yaml"
        yaml.dump(params, merged)
        load_params(merged)
        if write:
            with atomic_path("params.yaml") as partial:
                partial.write_bytes(merged.read_bytes())
    if not write:
        click.echo(" ".join(f"-S {key}={value}" for key, value in overrides(preset)))


def merge(params: dict[str, Any], preset: dict[str, Any]) -> None:
    """Put the values of the preset into the params, mappings key by key."""
    for key, value in preset.items():
        if isinstance(value, dict) and isinstance(params.get(key), dict):
            merge(params[key], value)
        else:
            params[key] = value


def overrides(preset: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, value) for each value of the preset, without blanks: one word of a shell."""
    for key, value in preset.items():
        if isinstance(value, dict):
            yield from overrides(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", _word(value)


def _word(value: Any) -> str:
    """A value in the grammar of dvc's overrides: no blanks, and floats with a point."""
    if isinstance(value, list):
        return f"[{','.join(map(_word, value))}]"
    if isinstance(value, float):
        return f"{value:f}".rstrip("0")
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    main()
