"""Pictures for the HTML report: the plots of dvc.yaml, drawn as SVG by Vega-Lite.

The templates (templates/plots/) and the axes are those of `dvc plots show`, so that page and
command draw the same.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import vl_convert
import yaml

from stages.storage.tables import Row


def plots(path: str | Path = "dvc.yaml") -> dict[str, dict[str, Any]]:
    """The plots of a dvc.yaml by name: template, x, y (data file -> field), title, labels."""
    listed = yaml.safe_load(Path(path).read_text(encoding="utf-8"))["plots"]
    return {name: plot for entry in listed for name, plot in entry.items()}


def data_file(plot: Mapping[str, Any]) -> Path:
    """The file of a plot's points."""
    return Path(next(iter(plot["y"])))


def svg(plot: Mapping[str, Any], points: Sequence[Row]) -> str:
    """The plot of the points as an SVG element; text in it is escaped."""
    words = {
        "<DVC_METRIC_TITLE>": plot["title"],
        "<DVC_METRIC_X>": plot["x"],
        "<DVC_METRIC_Y>": plot["y"][str(data_file(plot))],
        "<DVC_METRIC_X_LABEL>": plot.get("x_label", plot["x"]),
        "<DVC_METRIC_Y_LABEL>": plot.get("y_label", ""),
        "<DVC_METRIC_DATA>": [{**point, "rev": ""} for point in points],
    }

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [filled(item) for item in value]
        return words.get(value, value) if isinstance(value, str) else value

    path = Path(__file__).with_name("templates") / "plots" / Path(plot["template"]).name
    template = json.loads(path.read_text(encoding="utf-8"))
    return vl_convert.vegalite_to_svg(filled(template))
