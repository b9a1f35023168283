"""What the docs say was found is what the committed run found."""

import re

import pytest

from tests.conftest import ROOT

FOUND = re.compile(r"-?\d+\.\d+ \(-?\d+\.\d+ to -?\d+\.\d+\)")


@pytest.mark.parametrize("name", ["README.md", "docs/experiments.md"])
def test_every_number_with_an_interval_stands_in_the_report(name):
    report = (ROOT / "metrics/report.md").read_text(encoding="utf-8")
    text = (ROOT / name).read_text(encoding="utf-8")
    quoted = FOUND.findall(text)
    assert quoted
    assert [number for number in quoted if number not in report] == []
