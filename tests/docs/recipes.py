"""Runs a recipe of docs/ as a reader would, block by block, in a folder with a study.

What a fenced block is, its language and its first line say:

    # file: NAME     its other lines are the file NAME of the study
    # params.yaml    a yaml block, merged into params.yaml: mappings key by key, the rest replaced
    bash             run with bash in the study's folder; a command that fails fails the recipe
    text             shown to the reader only

Any other block is an error, so that nothing in a recipe goes untried by mistake.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import Study

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_recipe(path: Path, study: Study) -> str:
    """Everything that the recipe's commands say."""
    text = path.read_text(encoding="utf-8")
    told = []
    for block in BLOCK.finditer(text):
        language, content = block.groups()
        first, _, rest = content.partition("\n")
        if first.startswith("# file: "):
            target = study.root / first.removeprefix("# file: ").strip()
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(rest, encoding="utf-8")
        elif (language, first.strip()) == ("yaml", "# params.yaml"):
            study.write_params(merged(study.params(), yaml.safe_load(rest)))
        elif language == "bash":
            told.append(study.run("bash", "-euo", "pipefail", "-c", content))
        else:
            line = text[: block.start()].count("\n") + 1
            assert language == "text", (
                f"{path.name}, line {line}: nothing runs a block of {language!r} that begins with "
                f"{first!r}; see tests/docs/recipes.py"
            )
    return "".join(told)


def merged(old: Any, new: Any) -> Any:
    """`old` with what `new` says: mappings key by key, anything else replaced."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {key: merged(old.get(key), value) for key, value in new.items()}
