"""The page put together: the words of report.md, pictures, tables, and the rows behind them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from stages.reporting.page import scripts
from stages.reporting.page.choices import choices
from stages.reporting.page.markup import as_html
from stages.reporting.page.rows import browsed, first_rows
from stages.reporting.page.texts import shown
from stages.reporting.palette import LOOKS, arm_name
from stages.reporting.pictures import picture
from stages.reporting.planted import planted_points
from stages.reporting.sections import control, render
from stages.reporting.tables import Table
from stages.storage.tables import Row
from stages.study.design import Design

PARTS = {
    "shows": "What it shows",
    "uncertain": "What is uncertain",
    "targets": "Each target",
    "main-study": "Main study",
    "controls": "Controls",
    "experiments": "Experiments",
    "left-out": "Left out",
    "rows": "Rows",
    "words": "Words",
}


def page(
    numbers: Mapping[str, Any],
    tables: Mapping[str, Table],
    experiments: Sequence[Row],
    points: Mapping[str, Sequence[Row]],
    data: Path,
    design: Design,
) -> str:
    """data/report/index.html, of what was measured, the tables of the report and rows of data/.

    `points` are those of the pictures of the main study, by name. Raises StudyError where a table
    of `data` is missing or lacks what was scored, and where a template asks for what is not there.
    """
    primary = numbers["targets"]["primary"]
    planted = list(planted_points(primary, numbers["sensitivity"]))
    found = browsed(data, design)
    sources = {
        "vega": scripts.pictures_script(),
        "pictures": scripts.glue("pictures.js"),
        "tables": scripts.tables_script(),
        "rows": scripts.glue("rows.js"),
    }
    return render(
        "page/index.html.j2",
        **numbers,
        **_said(numbers),
        design=design,
        parts=list(PARTS.items()),
        main=picture("self_cross", points["self_cross"]),
        control=picture("private_answers", planted),
        by_property_picture=picture("by_property", points["by_property"]),
        dose_picture=picture("sensitivity", points["sensitivity"]) if numbers["doses"] else None,
        tables={name: as_html(table.text, table.title, 1) for name, table in tables.items()},
        titles={name: table.title for name, table in tables.items()},
        experiments=[_experiment(of, points) for of in experiments],
        browsed=found,
        first_rows=first_rows(found),
        **choices(found),
        nulls=any("null_gap" in of for of in numbers["sensitivity"].values()),
        words=as_html(render("words.md.j2"), "words"),
        looks=LOOKS,
        arm_name=arm_name,
        shown=shown,
        numbered=lambda of: list(enumerate(of)),
        island=scripts.island,
        scripts=sources,
        policy=scripts.policy(list(sources.values())),
        style=scripts.style(),
    )


def _said(numbers: Mapping[str, Any]) -> dict[str, Markup]:
    """What report.md opens with, in parts."""
    return {
        "answer": as_html(render("page/answer.md.j2", **numbers), "the answer"),
        "uncertain": as_html(render("page/uncertain.md.j2", **numbers), "what is uncertain"),
        "target_rows": as_html(render("target_rows.md.j2", **numbers), "each target"),
        "lights": as_html(render("lights.md.j2", **numbers), "what the answer rests on"),
    }


def _experiment(of: Row, points: Mapping[str, Sequence[Row]]) -> Row:
    """An experiment as the page has it: what it found comes first, then its picture and tables."""
    name: str = of["name"]
    heading, _, rest = of["text"].strip().partition("\n")
    return of | {
        "heading": as_html(heading, name, 1),
        "line": as_html(of["line"], name),
        "text": as_html(rest, name, 1),
        "picture": picture(name, points[name]),
        "control": control(name),
    }
