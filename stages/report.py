"""report: the study for two readers, from scores and metrics alone.

    python -m stages.report

Writes metrics/report.md (tables for a review, every number from score rows) and
data/report/index.html (pictures, the cells that were left out, and real rows). Each experiment
that runs has its section in both.
"""

import json
from pathlib import Path

import click

from stages.params import command, load_params
from stages.reporting.pictures import svg
from stages.reporting.sections import render, report_numbers, sample_rows, section, trusted
from stages.storage.errors import StudyError
from stages.storage.files import atomic_path
from stages.storage.tables import Row, read_table

MAIN_PICTURES = ("self_cross", "by_property")


@command
def main() -> None:
    params = load_params()
    by_task, controls = _json("metrics/by_task.json"), _json("metrics/controls.json")
    try:
        scores = read_table("scores", "data/scores.parquet")
        predictions = {
            (p, t): read_table("predictions", f"data/predictions/{p}-on-{t}.parquet")
            for t in params.subjects
            for p in params.subjects
        }
    except StudyError as error:
        raise click.ClickException(str(error)) from None
    experiments = [_experiment(name) for name in params.experiments.run]
    shown = report_numbers(scores, params)
    left_out = [cell for cell in by_task["uninformative"] if cell["role"] == "test"]
    page = {
        "pictures": [
            trusted(svg(name, _json(f"metrics/plots/{name}.json"))) for name in MAIN_PICTURES
        ],
        "experiments": [e | {"text": trusted(e["text"], markdown=True)} for e in experiments],
        "rows": sample_rows(scores, predictions),
        "left_out": left_out,
    }
    parts = [
        render("report.md.j2", **shown),
        *(experiment["text"] for experiment in experiments),
        render("controls.md.j2", controls=controls),
    ]
    _write("metrics/report.md", "\n".join(part.strip() + "\n" for part in parts))
    _write("data/report/index.html", render("report.html.j2", **shown, **page))


def _experiment(name: str) -> Row:
    """The section of an experiment: its text, its picture and a few of its rows."""
    text = section(name, _json(f"metrics/experiments/{name}.json"))
    picture = trusted(svg(name, _json(f"metrics/experiments/plots/{name}.json")))
    rows = _json(f"metrics/experiments/rows/{name}.json")
    return {"name": name, "text": text, "picture": picture, "rows": rows}


def _json(path: str | Path):
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise click.ClickException(f"{path}: no such file; run `dvc repro` to make it") from None


def _write(path: str, text: str) -> None:
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
