"""Pictures for the HTML report: what `dvc plots show` draws, as SVG, by Vega-Lite."""

import json
from collections.abc import Sequence
from pathlib import Path

import vl_convert

from stages.storage.tables import Row

DATA = "<DVC_METRIC_DATA>"  # where dvc puts the points in


def plot_template(name: str) -> Path:
    """The Vega-Lite template of a plot: an experiment's own, or one of the main study."""
    own = Path(__file__).parents[1] / "experiments" / name / "plot.json"
    return own if own.is_file() else Path(__file__).with_name("plots") / f"{name}.json"


def svg(name: str, points: Sequence[Row]) -> str:
    """The template plots/NAME.json filled with the points as an SVG element; text is escaped."""
    path = plot_template(name)
    text = path.read_text(encoding="utf-8")
    template = json.loads(text)
    if template["data"]["values"] != DATA or text.count("<DVC_") > 1:
        raise ValueError(f"{path}: {DATA} is to stand in data.values, and no other anchor anywhere")
    # dvc tells revisions apart; here there is one.
    template["data"]["values"] = [{**point, "rev": ""} for point in points]
    return vl_convert.vegalite_to_svg(template)
