"""Pictures: what `dvc plots show` draws, for the page; as SVG, and as what Vega-Lite redraws."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import vl_convert
from markupsafe import Markup

from stages.storage.errors import StudyError, plain
from stages.storage.tables import Row

DATA = "<DVC_METRIC_DATA>"  # where dvc puts the points in
MOST_TOLD = 24
"""points that a picture is told by to those who do not see it; of more the tables tell"""
ON_A_PAGE = {"background": "transparent", "font": "system-ui, sans-serif"}


@dataclass(frozen=True)
class Picture:
    """A plot as the page has it: `svg` for who runs no script, `spec` for who does.

    `alt` is the picture in words: its title, and its points where they are few.
    """

    name: str
    spec: Row
    svg: Markup
    alt: str


def plot_template(name: str) -> Path:
    """The Vega-Lite template of a plot: an experiment's own, or one of the main study."""
    own = Path(__file__).parents[1] / "experiments" / name / "plot.json"
    return own if own.is_file() else Path(__file__).with_name("plots") / f"{name}.json"


def svg(name: str, points: Sequence[Row]) -> str:
    """The template of a plot filled with the points, as an SVG element; text is escaped.

    Raises StudyError where the template is missing, or neither dvc nor Vega-Lite can fill it in.
    """
    return _drawn(name, _filled(name, points))


def picture(name: str, points: Sequence[Row]) -> Picture:
    """The same for the page, whose ground shows through. Raises StudyError as `svg` does."""
    spec = _filled(name, points) | {"config": ON_A_PAGE}
    spec.pop("$schema", None)  # it is that of dvc's page; this one has another Vega-Lite
    return Picture(
        name, spec, Markup(_drawn(name, spec)), _in_words(spec.get("title", name), points)
    )


def _filled(name: str, points: Sequence[Row]) -> Row:
    path = plot_template(name)
    try:
        text = path.read_text(encoding="utf-8")
        template = json.loads(text)
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: no template of a plot: {error}") from None
    if template.get("data", {}).get("values") != DATA or text.count("<DVC_") > 1:
        raise StudyError(f"{path}: {DATA} is to stand in data.values, and no other anchor anywhere")
    # dvc tells revisions apart; here there is one.
    template["data"]["values"] = [{**_shown(point), "rev": ""} for point in points]
    return template


def _drawn(name: str, spec: Row) -> str:
    try:
        drawn = vl_convert.vegalite_to_svg(spec)
    except ValueError as error:
        raise StudyError(f"{plot_template(name)}: Vega-Lite cannot draw it: {error}") from error
    # Vega counts its ids on from picture to picture; here each has its own, always the same.
    ids = list(dict.fromkeys(re.findall(r'(?<=\bid=")[^"]+(?=")', drawn)))
    for number, found in enumerate(ids):
        drawn = re.sub(rf'(?<=["#]){re.escape(found)}(?=[")])', f"{name}-{number}", drawn)
    return drawn


def _shown(point: Row) -> Row:
    """The point with texts that can be drawn: a control character ends vl-convert and us."""
    return {name: plain(of) if isinstance(of, str) else of for name, of in point.items()}


def _in_words(title: Row | str, points: Sequence[Row]) -> str:
    """The title, and each point by its fields up to what was measured, the first real number."""
    title = {"text": title} if isinstance(title, str) else title
    below = title.get("subtitle", [])
    told = [title["text"], *([below] if isinstance(below, str) else below)]
    if len(points) > MOST_TOLD:
        return " ".join([*told, f"{len(points)} points; the tables have their numbers."])
    for point in points:
        fields = []
        for of in point.values():
            fields.append(f"{of:.3f}" if isinstance(of, float) else plain(str(of)))
            if isinstance(of, float):
                break
        told.append(f"{', '.join(fields).replace('_', ' ')};")
    return " ".join(told).removesuffix(";")
