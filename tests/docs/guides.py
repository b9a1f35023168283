"""What the guides of docs/ tell a reader to give, block by block.

bash      given as it stands, but that `dvc` only says or queues what it would run
text      shown; a line in it that is a command of ours says why it is not run: `# not run`
yaml      params that are sound beside those of params.yaml
python    run as it stands
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

NAMES = ("quickstart", "reading_the_numbers", "faq", "glossary", "notebook", "sweeps")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = ("dvc ", "git ", "make ", "python ", "selfpredict ", "CUDA_VISIBLE_DEVICES=")
SOURCE = re.compile(r"_SELFPREDICT_COMPLETE=(\w+)_source selfpredict")
NOT_RUN = "# not run"


def guide(name: str) -> str:
    return Path(ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    """The blocks of a guide in a language."""
    return [text for found, text in BLOCK.findall(guide(name)) if found == language]


def lines(*names: str) -> Iterator[str]:
    """Every line of the bash blocks of guides, once, without its comment."""
    every = [line for name in names for block in blocks(name, "bash") for line in block.split("\n")]
    yield from dict.fromkeys(" ".join(line.split(" #")[0].split()) for line in every if line)


def ours(line: str) -> list[str] | None:
    """The arguments of `selfpredict` that a line is; None where it is no command of ours."""
    words = shlex.split(line)
    if words[:1] == ["selfpredict"]:
        return words[1:]
    if words[:2] == ["python", "-m"] and words[2].partition(".")[0] == "stages":
        return [*filter(None, [words[2].partition(".")[2]]), *words[3:]]
    return None
