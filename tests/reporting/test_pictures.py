"""Pictures of the page: every plot template is filled in by the points of the committed run."""

import json
import re
from collections import Counter

import pytest
from dvc_render.html import render_html
from dvc_render.vega import VegaRenderer

from stages.reporting import pictures
from stages.reporting.pictures import DATA, picture, plot_template, svg
from stages.storage.errors import StudyError
from stages.storage.files import read_json, write_points
from tests.conftest import ROOT

POINTS = {
    path.stem: read_json(path)
    for folder in ("metrics/plots", "metrics/experiments/plots")
    for path in sorted((ROOT / folder).glob("*.json"))
}


BY_PROPERTY = ("self", "fresh_self", "cross", "untrained", "mode_train", "text_classifier")


def marks(drawn: str) -> Counter[str]:
    return Counter(re.findall(r'aria-roledescription="([a-z ]+)"', drawn))


@pytest.mark.parametrize("name", POINTS)
def test_a_plot_draws_each_of_its_points_and_its_title(name):
    template = read_json(plot_template(name))
    drawn, points = svg(name, POINTS[name]), POINTS[name]
    assert drawn.startswith("<svg") and DATA not in drawn
    assert f">{template['title']['text']}<" in drawn
    found = marks(drawn)
    if name == "loss":
        assert found["line mark"] == len({point["adapter"] for point in points})
        return
    if name == "by_property":  # which has too many baselines for one picture
        points = [p for p in points if p["kind"] in BY_PROPERTY and p["predictor"][-5:] != "-self"]
    assert found["point"] == len(points)
    assert all(f">{point['target']}" in drawn for point in points)


@pytest.mark.parametrize("name", POINTS)
def test_a_plot_without_points_is_an_empty_picture(name):
    assert svg(name, []).startswith("<svg")


def test_the_main_study_has_its_plots():
    assert {"self_cross", "by_property", "loss"} <= set(POINTS)


def test_an_interval_is_drawn_with_its_estimate():
    point = {"target": "left", "kind": "self", "accuracy": 0.5, "ci_low": 0.25, "ci_high": 0.75}
    drawn = svg("self_cross", [point])
    assert "ci_low: 0.25; arm: self; ci_high: 0.75" in drawn
    assert "accuracy: 0.500; interval from: 0.250; interval to: 0.750" in drawn


def test_a_picture_is_told_in_words_to_who_does_not_see_it():
    point = {"target": "left", "kind": "fresh_self", "accuracy": 0.5, "ci_low": 0.25}
    title = read_json(plot_template("self_cross"))["title"]
    told = " ".join([title["text"], *title["subtitle"]])
    assert picture("self_cross", [point]).alt == f"{told} left, fresh self, 0.500"
    many = picture("self_cross", [point | {"target": f"t{n}"} for n in range(30)])
    assert many.alt == f"{told} 30 points; the tables have their numbers."


def test_the_page_has_the_spec_that_dvc_draws():
    point = {"target": "left", "kind": "self", "accuracy": 0.5, "ci_low": 0.25, "ci_high": 0.75}
    drawn, template = picture("self_cross", [point]), read_json(plot_template("self_cross"))
    assert drawn.spec["data"]["values"] == [point | {"rev": ""}]
    same = ("title", "transform", "facet", "spec")
    assert all(drawn.spec[name] == template[name] for name in same)


def test_names_in_a_picture_are_escaped():
    point = {"target": "<script>x</script>", "kind": "self", "accuracy": 0.5}
    drawn = svg("self_cross", [point])
    assert "<script>" not in drawn and "&lt;script&gt;" in drawn


def test_a_name_with_control_characters_is_drawn_by_their_numbers():
    drawn = svg("self_cross", [{"target": "a\x00b\x1b[31m", "kind": "self", "accuracy": 0.5}])
    assert "a\\u0000b\\u001b[31m" in drawn


def test_no_name_closes_the_script_of_dvcs_page(tmp_path):
    name = "</script><img src=x><!--\u2028{plot_divs}"
    write_points(tmp_path / "plot.json", [{"target": name, "kind": name, "accuracy": 0.5}])
    points = [point | {"rev": "main"} for point in read_json(tmp_path / "plot.json")]
    axes = {"x": "accuracy", "y": "kind"}
    plot = VegaRenderer(points, "plot", template=str(plot_template("self_cross")), **axes)
    render_html([plot], tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "img src=x" in page
    found = re.findall(r"<(/?\w+|!--)", page.split("<body>")[1])
    assert found == ["div", "script", "/script", "/div", "/body", "/html"]


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
