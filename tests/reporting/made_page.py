"""A page of the small study with hostile texts planted among what was asked and said."""

import contextlib
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import yaml

from stages import report
from stages.storage.files import read_json, write_json
from stages.storage.tables import read_table, write_table
from tests.analysis import small_study, sound_study
from tests.conftest import ROOT, run_command

BROKEN = "</td></table><b>broken</b><script>document.title = 'run'</script><img src=x onerror=x>"
ACTS = "\x1b[31mred\x00 \u202egnp.exe\u202c \u200f!"
WORD = "w" * 102_400
ARABIC = "مرحبا"
HOSTILE = (f"{small_study.SCRIPT} {BROKEN}", ACTS, WORD, f"{ARABIC} abc")
EXPERIMENT = "scaling"


def make(root: Path, evaluated: Path) -> Path:
    """A copy of an evaluated study in `root`, with its report; the path of the page."""
    shutil.copytree(evaluated, root, dirs_exist_ok=True)
    with contextlib.chdir(root):
        plant(root / "data")
        write_json("metrics/sensitivity.json", sound_study.sensitivity())
        add_experiment()
        run_command(report)
    return root / "data/report/index.html"


def plant(data: Path) -> None:
    """Give the first texts of prompts, behaviors and predictions hostile words."""
    for kind, path in (
        ("behavior", data / "behavior/left-self.parquet"),
        ("predictions", data / "predictions/right-on-left.parquet"),
    ):
        rows = read_table(kind, path)
        column = "response" if kind == "behavior" else "raw_answer"
        scored = {row["input_id"] for row in small_study.inputs() if row["split"] == "test"}
        there = [row for row in sorted(rows, key=_place) if row["input_id"] in scored]
        for row, text in zip(there, HOSTILE, strict=False):
            row[column] = text
        write_table(kind, rows, path)
    path = data / "tasks/animals_long.parquet"
    rows = read_table("tasks", path)
    first = min((row for row in rows if row["split"] == "test"), key=lambda row: row["input_id"])
    first["object_prompt"][0]["content"] += HOSTILE[0]
    write_table("tasks", rows, path)


def _place(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["task"], row["input_id"], row.get("property", "")


def add_experiment() -> None:
    """The committed numbers of an experiment as those of the study in the working folder."""
    settings = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["experiments"]
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["experiments"] = {"run": [EXPERIMENT], EXPERIMENT: settings[EXPERIMENT]}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    for path in (f"{EXPERIMENT}.json", f"plots/{EXPERIMENT}.json", f"rows/{EXPERIMENT}.json"):
        write_json(f"metrics/experiments/{path}", read_json(ROOT / "metrics/experiments" / path))


class Html(HTMLParser):
    """The elements of a page in order, each with its attributes and the text right in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text = []
        self.elements.append((tag, dict(attrs), self.text))

    def handle_endtag(self, tag: str) -> None:
        self.text = []  # what follows is not right in any element

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def of(self, *tags: str) -> list[tuple[str, dict[str, str | None], str]]:
        """The elements of these tags, with the text up to the next element."""
        return [(tag, at, "".join(text)) for tag, at, text in self.elements if tag in tags]

    def island(self, name: str) -> Any:
        """The JSON that the page holds under an id."""
        (text,) = [text for _, at, text in self.of("script") if at.get("id") == name]
        return json.loads(text)
