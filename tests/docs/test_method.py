"""docs/method.md says how numbers follow from score rows; docs/notebook.md has them, too."""

import contextlib
import json
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from stages import evaluate
from stages.analysis import primary
from tests.analysis import small_study
from tests.conftest import ROOT, run_command
from tests.docs.guides import blocks


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    """metrics/summary.json of a small study, in whose folder this process is."""
    root = tmp_path_factory.mktemp("evaluated")
    small_study.write_study(root)
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(root):
        for name in ("CELLS", "TASKS", "INPUTS"):
            patch.setattr(primary, f"FEWEST_{name}", 1)
        run_command(evaluate)
        yield json.loads(Path("metrics/summary.json").read_text(encoding="utf-8"))


def test_the_numbers_follow_from_the_scores_alone(summary, capsys):
    page = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    (snippet,) = (part.split("```")[0] for part in page.split("```python\n")[1:])
    exec(snippet, {})  # our own words, of our own file
    assert summary["gap"] == 0.25
    assert capsys.readouterr().out == f"{summary}\n"


def test_a_notebook_draws_the_picture_and_has_the_number_of_the_report(
    summary, monkeypatch, capsys
):
    drawn: list[str] = []
    shown = ModuleType("IPython.display")  # of notebooks; no library of ours
    shown.__dict__.update(SVG=lambda text: SimpleNamespace(text=text))
    shown.__dict__.update(display=lambda picture: drawn.append(picture.text))
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    first, second = blocks("notebook", "python")
    assert len([line for line in first.splitlines() if line]) == 10
    known: dict[str, object] = {}
    exec(first, known)
    numbers = [f"{summary[key]:.3f}" for key in ("primary", "primary_low", "primary_high")]
    assert re.findall(r"-?\d\.\d+", capsys.readouterr().out) == numbers
    assert drawn[0].startswith("<svg")
    exec(second, known)
    assert "estimate=0.75" in capsys.readouterr().out  # self is right but where i % 4 == 0


def test_the_words_of_the_page_are_those_of_the_method():
    words = (ROOT / "stages/reporting/templates/words.md.j2").read_text(encoding="utf-8")
    page = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    assert f"## Words\n{words}\n## " in page
