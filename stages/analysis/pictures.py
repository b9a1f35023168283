"""Pictures for the HTML report: what `dvc plots show` draws, as SVG, by Vega-Lite."""

import json
from collections.abc import Sequence
from pathlib import Path

import vl_convert

from stages.storage.tables import Row

DATA = "<DVC_METRIC_DATA>"  # where dvc puts the points in


def svg(name: str, points: Sequence[Row]) -> str:
    """The template plots/NAME.json filled with the points as an SVG element; text is escaped."""
    path = Path(__file__).with_name("templates") / "plots" / f"{name}.json"
    template = json.loads(path.read_text(encoding="utf-8"))
    if template["data"]["values"] != DATA:
        raise ValueError(f"{path}: data.values is no {DATA}")
    # dvc tells revisions apart; here there is one.
    template["data"]["values"] = [{**point, "rev": ""} for point in points]
    return vl_convert.vegalite_to_svg(template)
