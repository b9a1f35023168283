"""report: the study for two readers, from what was measured; no number is computed here.

    python -m stages.report

Writes metrics/report.md (tables for a review, from metrics/ alone) and data/report/index.html
(pictures, the cells that were left out, and real rows of data/). Each experiment that runs has its
section in both.
"""

from pathlib import Path

from stages.params import command, load_params
from stages.reporting.pictures import svg
from stages.reporting.samples import sample_rows
from stages.reporting.sections import render, section, trusted
from stages.storage.files import atomic_path, read_json
from stages.storage.tables import Row

MAIN_PICTURES = ("self_cross", "by_property")


@command
def main() -> None:
    params = load_params()
    numbers = {
        name: read_json(f"metrics/{name}.json")
        for name in ("summary", "targets", "subsets", "by_task", "by_property")
    }
    controls = read_json("metrics/controls.json")
    experiments = [_experiment(name) for name in params.experiments.run]
    costs = _costs(numbers["targets"])
    comparison = render("comparison.md.j2", **numbers)
    sections = [
        comparison,
        render("report.md.j2", **numbers),
        *(experiment["text"] for experiment in experiments),
        render("controls.md.j2", controls=controls),
        *costs,
    ]
    page = render(
        "report.html.j2",
        **numbers,
        comparison=trusted(comparison, markdown=True),
        pictures=[_picture(name, f"metrics/plots/{name}.json") for name in MAIN_PICTURES],
        experiments=[e | {"text": trusted(e["text"], markdown=True)} for e in experiments],
        costs=[trusted(text, markdown=True) for text in costs],
        rows=sample_rows(Path("data"), params.design),
    )
    _write("metrics/report.md", "\n".join(text.strip() + "\n" for text in sections))
    _write("data/report/index.html", page)


def _experiment(name: str) -> Row:
    """The section of an experiment: its text, its picture and a few of its rows."""
    return {
        "name": name,
        "text": section(name, read_json(f"metrics/experiments/{name}.json")),
        "picture": _picture(name, f"metrics/experiments/plots/{name}.json"),
        "rows": read_json(f"metrics/experiments/rows/{name}.json"),
    }


def _costs(targets: Row) -> list[str]:
    """The section on what servers cost, where a model is on one."""
    return [render("costs.md.j2", costs=targets["costs"])] if "costs" in targets else []


def _picture(name: str, points: str) -> str:
    return trusted(svg(name, read_json(points)))


def _write(path: str, text: str) -> None:
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
