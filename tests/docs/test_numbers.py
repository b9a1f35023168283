"""What the docs say was found is what the committed run found."""

import re

import pytest
import yaml

from stages.params.experiments import EXPERIMENTS
from stages.reporting.sections import section
from stages.storage.files import read_json
from tests.conftest import ROOT

FOUND = re.compile(r"-?\d+\.\d+ \(-?\d+\.\d+ to -?\d+\.\d+\)")


@pytest.mark.parametrize("name", ["README.md", "docs/experiments.md"])
def test_every_number_with_an_interval_stands_in_the_report_or_its_tables(name):
    pages = [ROOT / "metrics/report.md", *(ROOT / "metrics/tables").glob("*.md")]
    report = "".join(path.read_text(encoding="utf-8") for path in pages) + run_once()
    text = (ROOT / name).read_text(encoding="utf-8")
    quoted = FOUND.findall(text)
    assert quoted
    assert [number for number in quoted if number not in report] == []


def run_once() -> str:
    """The sections of experiments that are off in params.yaml and were run all the same."""
    told = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["experiments"]
    off = sorted(set(EXPERIMENTS) - set(told["run"]))
    found = {name: ROOT / f"metrics/experiments/{name}.json" for name in off}
    return "".join(section(name, read_json(path)) for name, path in found.items() if path.exists())
