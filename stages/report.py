"""report: the study for two readers, from scores and metrics alone.

    python -m stages.report

Writes metrics/report.md (tables for a review, every number from score rows) and
data/report/index.html (a picture, the cells that were left out, and real rows).
"""

import json
from pathlib import Path

import click

from stages.analysis.reporting import render, report_numbers, sample_rows
from stages.params import load_params
from stages.storage.files import atomic_path
from stages.storage.tables import TableError, read_table


@click.command(help=__doc__)
def main() -> None:
    params = load_params()
    by_task, points, controls = (
        _metrics(name) for name in ("by_task.json", "plots/self_cross.json", "controls.json")
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
    shown = report_numbers(scores, params)
    left_out = [cell for cell in by_task["uninformative"] if cell["role"] == "test"]
    page = {"points": points, "rows": sample_rows(scores, predictions), "left_out": left_out}
    text = render("report.md.j2", **shown) + render("controls.md.j2", controls=controls)
    _write("metrics/report.md", text)
    _write("data/report/index.html", render("report.html.j2", **shown, **page))


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
