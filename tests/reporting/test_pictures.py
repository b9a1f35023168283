"""Pictures of the page: every plot template is filled in by the points of the committed run."""

import json
import re
from collections import Counter

import pytest

from stages.reporting import pictures
from stages.reporting.pictures import DATA, plot_template, svg
from stages.storage.errors import StudyError
from stages.storage.files import read_json
from tests.conftest import ROOT

POINTS = {
    path.stem: read_json(path)
    for folder in ("metrics/plots", "metrics/experiments/plots")
    for path in sorted((ROOT / folder).glob("*.json"))
}


def marks(drawn: str) -> Counter[str]:
    return Counter(re.findall(r'aria-roledescription="([a-z ]+)"', drawn))


@pytest.mark.parametrize("name", POINTS)
def test_a_plot_draws_each_of_its_points_and_its_title(name):
    template = read_json(plot_template(name))
    drawn = svg(name, POINTS[name])
    assert drawn.startswith("<svg") and DATA not in drawn
    assert f">{template['title']['text']}<" in drawn
    found = marks(drawn)
    if name == "loss":
        assert found["line mark"] == len({point["adapter"] for point in POINTS[name]})
    else:
        assert found["point"] + found["bar"] == len(POINTS[name])
        assert all(f">{point['target']}" in drawn for point in POINTS[name])


@pytest.mark.parametrize("name", POINTS)
def test_a_plot_without_points_is_an_empty_picture(name):
    assert svg(name, []).startswith("<svg")


def test_the_main_study_has_its_plots():
    assert {"self_cross", "by_property", "loss"} <= set(POINTS)


def test_an_interval_is_drawn_over_its_bar():
    point = {"target": "left", "kind": "self", "accuracy": 0.5, "ci_low": 0.25, "ci_high": 0.75}
    drawn = svg("self_cross", [point])
    assert (
        "accuracy: 0.5; kind: self" in drawn and "ci_low: 0.25; kind: self; ci_high: 0.75" in drawn
    )


def test_names_in_a_picture_are_escaped():
    point = {"target": "<script>x</script>", "kind": "self", "accuracy": 0.5}
    drawn = svg("self_cross", [point])
    assert "<script>" not in drawn and "&lt;script&gt;" in drawn


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no template of a plot"),
        (json.dumps({"data": {"values": []}}), "is to stand in data.values"),
        (json.dumps({"data": {"values": DATA}, "title": "<DVC_METRIC_TITLE>"}), "no other anchor"),
        (json.dumps({"mark": "point"}), "is to stand in data.values"),
        (json.dumps({"data": {"values": DATA}, "mark": "nonsense"}), "Vega-Lite cannot draw it"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_one_error_that_names_it(
    text, said, tmp_path, monkeypatch
):
    path = tmp_path / "plot.json"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(pictures, "plot_template", lambda name: path)
    with pytest.raises(StudyError, match=rf"plot\.json: .*{said}"):
        svg("own", [{"x": 1}])
