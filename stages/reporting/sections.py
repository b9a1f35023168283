"""What the report shows, taken from score rows; the words stand in templates/."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from stages.analysis.breakdown import gap_table
from stages.analysis.subsets import MEANING, gaps_on_subsets
from stages.analysis.summary import informative_rows, rounded, summarise
from stages.params import Params, load_params
from stages.storage.tables import Row, read_table

ROWS_PER_CELL = 2
EXPERIMENTS = Path(__file__).parents[1] / "experiments"


def render(template: str, **shown) -> str:
    """A template of templates/ filled in; all but Markdown is escaped, missing names are errors."""
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).with_name("templates"), EXPERIMENTS]),
        autoescape=lambda name: not name.endswith(".md.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"number": number, "p": p_value, "interval": interval}
    return environment.get_template(template).render(**shown, meaning=MEANING)


def section(experiment: str, numbers: Mapping) -> str:
    """The section of an experiment in metrics/report.md, from its metrics file."""
    return render(f"{experiment}/section.md.j2", numbers=numbers)


def trusted(text: str, *, markdown: bool = False) -> Markup:
    """SVG or Markdown made here as HTML for the page; HTML within Markdown is escaped."""
    if markdown:
        text = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return Markup(text)


def number(value: float | Undefined | None) -> str:
    """Three decimals, or a dash where there is no number."""
    return "-" if value is None or isinstance(value, Undefined) else f"{value:.3f}"


def interval(found: Mapping | Undefined | None) -> str:
    """An estimate or accuracy with its interval where it has one, or a dash."""
    if found is None or isinstance(found, Undefined):
        return "-"
    value = number(found.get("estimate", found.get("accuracy")))
    if found.get("ci_low") is None or found.get("ci_high") is None:
        return value
    return f"{value} ({number(found['ci_low'])} to {number(found['ci_high'])})"


def p_value(value: float | Undefined | None) -> str:
    """Three decimals, but never zero."""
    return "≤0.001" if isinstance(value, float) and value < 0.0005 else number(value)


def markdown(scores: str | Path, params: str | Path) -> str:
    """The text of metrics/report.md, its controls aside, from the score table and the params."""
    numbers = report_numbers(read_table("scores", scores), load_params(params))
    return render("report.md.j2", **numbers)


def report_numbers(scores: Sequence[Row], params: Params) -> dict:
    """Every number of metrics/report.md, from score rows alone."""
    rows = informative_rows(scores)
    cells = {(row["target"], row["task"], row["property"]) for row in scores}
    counted = {(row["target"], row["task"], row["property"]) for row in rows}
    return {
        "summary": summarise(scores, params),
        "subsets": rounded(gaps_on_subsets(rows, params)),
        "tasks": gap_table(rows, params, "task"),
        "properties": gap_table(rows, params, "property"),
        "confidence": f"{params.evaluate.confidence * 100:g}",
        "cells": len(cells),
        "uninformative": len(cells - counted),
    }


def sample_rows(
    scores: Sequence[Row], predictions: Mapping[tuple[str, str], Sequence[Row]]
) -> list[Row]:
    """A few rows of each target, task and property with what was asked and what came back.

    Rows are of the first seed and the first by input_id, which is a hash, so they are chosen by
    chance and stay the same; each holds the truth and a list of (arm, raw answer, correct).
    """
    said = {
        (predictor, row["kind"], target, row["seed"], row["input_id"], row["property"]): row
        for (predictor, target), rows in predictions.items()
        for row in rows
    }
    answers: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in scores:
        if row["kind"] in ("self", "cross") and row["seed"] == scores[0]["seed"]:
            key = row["target"], row["task"], row["property"], row["input_id"]
            answers.setdefault(key, []).append(row)
    shown: list[Row] = []
    taken: dict[tuple[str, str, str], int] = {}
    for (target, task, name, key), rows in sorted(answers.items()):
        cell = target, task, name
        if taken.setdefault(cell, 0) == ROWS_PER_CELL:
            continue
        taken[cell] += 1
        asked = [said[r["predictor"], r["kind"], target, r["seed"], key, name] for r in rows]
        shown.append(
            {
                "target": target,
                "task": task,
                "property": name,
                "truth": rows[0]["truth"],
                "question": "\n".join(message["content"] for message in asked[0]["question"]),
                "answers": [
                    {
                        "arm": f"{r['kind']} ({r['predictor']})",
                        "raw": a["raw_answer"],
                        "correct": r["correct"],
                    }
                    for r, a in zip(rows, asked, strict=True)
                ],
            }
        )
    return shown
