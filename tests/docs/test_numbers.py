"""What the docs say was found is what the committed run found."""

import re

import pytest

from tests.conftest import ROOT

FOUND = re.compile(r"-?\d+\.\d+ \(-?\d+\.\d+ to -?\d+\.\d+\)")


@pytest.mark.parametrize("name", ["README.md", "docs/experiments.md"])
def test_every_number_with_an_interval_stands_in_the_report_or_its_tables(name):
    pages = [ROOT / "metrics/report.md", *(ROOT / "metrics/tables").iterdir()]
    report = "".join(path.read_text(encoding="utf-8") for path in pages)
    text = (ROOT / name).read_text(encoding="utf-8")
    quoted = FOUND.findall(text)
    assert quoted
    assert [number for number in quoted if number not in report] == []
