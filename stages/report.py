"""report: the study for two readers, from what was measured; no number is computed here.

    python -m stages.report

Writes metrics/report.md (a first screen that says what the study shows, and a line for each
experiment), metrics/tables/ (all tables for a review, from metrics/ alone) and
data/report/index.html (the same in one file that needs no network: pictures that answer to the
mouse, tables, the cells that were left out, and all scored rows of data/ to choose from).
"""

from pathlib import Path

from stages.params import Params, command, load_params
from stages.reporting.doses import points
from stages.reporting.page.page import page
from stages.reporting.sections import line, render, section, trusted
from stages.reporting.tables import Table, write_tables
from stages.storage.files import atomic_path, read_json
from stages.storage.tables import Row

MAIN_PICTURES = ("self_cross", "by_property")
MAIN_TABLES = (
    "comparison",
    "baselines",
    "where",
    "letters",
    "cells",
    "private_answers",
    "controls",
)
METRICS = Path("metrics/experiments")
KEPT = "other_arms"
"""the experiment whose numbers are kept where `experiments.run` does not name it"""
THESE, OTHERS = "of these settings", "of other settings"


@command
def main() -> None:
    params = load_params()
    kept = _kept_experiment(params)
    measured = _numbers(params)
    verdict = measured["targets"].get("verdict", {})
    experiments = [_experiment(name, verdict) for name in params.experiments.run]
    experiments += [_experiment(KEPT, verdict)] if kept == THESE else []
    others = {e["name"]: e["numbers"]["targets"] for e in experiments if e["name"] == KEPT}
    numbers = measured | {"others": others.get(KEPT, {})}
    tables = _tables(numbers, experiments)
    first = render("first_screen.md.j2", **numbers)
    drawn = {name: read_json(f"metrics/plots/{name}.json") for name in MAIN_PICTURES}
    drawn |= {e["name"]: e["points"] for e in experiments}
    drawn["sensitivity"] = list(points(numbers["doses"]))
    shown = page(numbers, tables, experiments, drawn, Path("data"), params.design)
    listed = {"tables": list(tables.values()), "not_of_these": [KEPT] if kept == OTHERS else []}
    contents = render("report.md.j2", **numbers, first=trusted(first), **listed)
    write_tables(tables, "metrics/tables")
    _write("metrics/report.md", contents)
    _write("data/report/index.html", shown)


def _numbers(params: Params) -> Row:
    """What was measured, by the name of its file; and what docs/ records of these subjects.

    `doses` is how sure a copy has to be of private answers so that they are found, `runs` how the
    main numbers move over training seeds; `settled` says of each whether it is of these settings.
    """
    names = ("summary", "targets", "subsets", "by_task", "by_property", "controls", "sensitivity")
    numbers = {name: read_json(f"metrics/{name}.json") for name in names}
    doses, runs = (
        _recorded(Path(f"docs/{name}.json")) for name in ("sensitivity", "training_seeds")
    )
    same = set(runs.get("targets", {})) == set(params.subjects)
    return numbers | {
        "doses": {model: found for model, found in doses.items() if model in params.subjects},
        "runs": runs if same else {},
        "settled": {
            name: recorded.get("settings") == params.settled()
            for name, recorded in (("doses", doses), ("runs", runs))
        },
    }


def _recorded(path: Path) -> Row:
    """What a command once wrote that no stage runs; nothing where it has not."""
    return read_json(path) if path.is_file() else {}


def _kept_experiment(params: Params) -> str | None:
    """Of which settings the other arms are that ran once and were kept; None where none are.

    They are out of `experiments.run`, as they train each arm anew, so that no stage makes them.
    """
    if KEPT in params.experiments.run:
        return None
    found = _recorded(METRICS / f"{KEPT}.json")
    if not found:
        return None
    same = set(found.get("targets", {})) - {"all"} == set(params.subjects)
    return THESE if same and found.get("settings") == params.settled() else OTHERS


def _tables(numbers: Row, experiments: list[Row]) -> dict[str, Table]:
    """By name, in the order in which the report lists them."""
    main = [*MAIN_TABLES, *(["costs"] if "costs" in numbers["targets"] else [])]
    found = [Table(name, render(f"{name}.md.j2", **numbers)) for name in main]
    found += [Table(e["name"], e["text"], trusted(e["line"])) for e in experiments]
    return {table.name: table for table in found}


def _experiment(name: str, verdict: Row) -> Row:
    """The section of an experiment: its text, the points of its picture and a few of its rows."""
    numbers = read_json(METRICS / f"{name}.json")
    return {
        "name": name,
        "numbers": numbers,
        "text": section(name, numbers, verdict),
        "line": line(name, numbers),
        "points": read_json(METRICS / "plots" / f"{name}.json"),
        "rows": read_json(METRICS / "rows" / f"{name}.json"),
    }


def _write(path: str, text: str) -> None:
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
