"""Pictures for the HTML report: what `dvc plots show` draws, as SVG, by Vega-Lite."""

import json
from collections.abc import Sequence
from pathlib import Path

import vl_convert

from stages.storage.errors import StudyError, plain
from stages.storage.tables import Row

DATA = "<DVC_METRIC_DATA>"  # where dvc puts the points in


def plot_template(name: str) -> Path:
    """The Vega-Lite template of a plot: an experiment's own, or one of the main study."""
    own = Path(__file__).parents[1] / "experiments" / name / "plot.json"
    return own if own.is_file() else Path(__file__).with_name("plots") / f"{name}.json"


def svg(name: str, points: Sequence[Row]) -> str:
    """The template of a plot filled with the points, as an SVG element; text is escaped.

    Raises StudyError where the template is missing, or neither dvc nor Vega-Lite can fill it in.
    """
    path = plot_template(name)
    try:
        text = path.read_text(encoding="utf-8")
        template = json.loads(text)
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: no template of a plot: {error}") from None
    if template.get("data", {}).get("values") != DATA or text.count("<DVC_") > 1:
        raise StudyError(f"{path}: {DATA} is to stand in data.values, and no other anchor anywhere")
    # dvc tells revisions apart; here there is one.
    template["data"]["values"] = [{**_drawn(point), "rev": ""} for point in points]
    try:
        return vl_convert.vegalite_to_svg(template)
    except ValueError as error:
        raise StudyError(f"{path}: Vega-Lite cannot draw it: {error}") from error


def _drawn(point: Row) -> Row:
    """The point with texts that can be drawn: a control character ends vl-convert and us."""
    return {name: plain(of) if isinstance(of, str) else of for name, of in point.items()}
