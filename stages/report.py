"""report: the study for two readers, from scores and metrics alone.

    python -m stages.report

Writes metrics/report.md (a table and two sentences for a review) and data/report/index.html
(the same with a picture, the cells that were left out, and real rows).
"""

import json
from pathlib import Path

import click

from stages.analysis.reporting import render, sample_rows, target_table
from stages.params import load_params
from stages.storage.files import atomic_path
from stages.storage.tables import TableError, read_table


@click.command(help=__doc__)
def main() -> None:
    params = load_params()
    summary, by_task, points = (
        _metrics(name) for name in ("summary.json", "by_task.json", "plots/self_cross.json")
    )
    try:
        scores = read_table("scores", "data/scores.parquet")
        predictions = {
            (p, t): read_table("predictions", f"data/predictions/{p}-on-{t}.parquet")
            for t in params.subjects
            for p in params.subjects
        }
    except TableError as error:
        raise click.ClickException(str(error)) from None
    classified = [row for row in by_task["arms"] if row["kind"] == "text_classifier"]
    shown = {
        "summary": summary,
        "table": target_table(summary, by_task["arms"]),
        "confidence": f"{params.evaluate.confidence * 100:g}",
        "uninformative": [c for c in by_task["uninformative"] if c["role"] == "test"],
        "cells": sum(cell["role"] == "test" for cell in by_task["behavior"]),
        "classified": sum(row["cells"] for row in classified),
    }
    rows = sample_rows(scores, predictions)
    _write("metrics/report.md", render("report.md.j2", **shown))
    _write("data/report/index.html", render("report.html.j2", **shown, points=points, rows=rows))


def _metrics(name: str):
    path = Path("metrics") / name
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise click.ClickException(f"{path}: no such file; run `dvc repro` to make it") from None


def _write(path: str, text: str) -> None:
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
