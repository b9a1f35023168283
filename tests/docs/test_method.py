"""docs/method.md says how the numbers of a review follow from score rows; they do."""

import json
from pathlib import Path

from click.testing import CliRunner

from stages import evaluate
from tests.analysis import small_study
from tests.conftest import ROOT


def test_the_numbers_follow_from_the_scores_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small_study.write_study(tmp_path)
    assert CliRunner().invoke(evaluate.main, []).exit_code == 0
    page = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    (snippet,) = (part.split("```")[0] for part in page.split("```python\n")[1:])
    exec(snippet, {})  # our own words, of our own file
    summary = json.loads(Path("metrics/summary.json").read_text(encoding="utf-8"))
    assert summary["gap"] == 0.25
    assert capsys.readouterr().out == f"{summary}\n"
