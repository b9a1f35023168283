"""evaluate_controls: whether each control study shows what it must.

    python -m stages.evaluate_controls
    python -m stages.evaluate_controls --seeds   # a line for each run of `control --seed`

Writes data/control_scores/NAME.parquet and metrics/controls.json; with --seeds it prints a table
and writes nothing.
"""

from pathlib import Path
from typing import Any

import click
import pandas as pd

from stages.analysis.arms import score_study
from stages.analysis.controls import control_numbers
from stages.analysis.evidence import read_evidence
from stages.controls import SEED_RUNS, STUDIES
from stages.controls.verdicts import CONTROLS
from stages.params import command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder, write_json
from stages.storage.tables import write_table


@command
@click.option("--seeds", is_flag=True, help="Look at the runs with other seeds.")
def main(seeds: bool) -> None:
    if seeds:
        _table()
        return
    found = {}
    with atomic_folder("data/control_scores") as folder:
        for name in CONTROLS:
            scores, found[name] = _look(name, STUDIES / name)
            write_table("scores", scores, folder / f"{name}.parquet")
    write_json("metrics/controls.json", found)
    for name, numbers in found.items():
        held = "held" if numbers["held"] else "NOT HELD"
        click.echo(f"{name}: {held}; gap {numbers['gap'].get('estimate')}")


def _look(name: str, study: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The score rows of a control study, and its numbers with the verdict on them."""
    if not study.is_dir():
        raise StudyError(f"{study}: no such study; run `dvc repro` to make it")
    params = load_params(study / "params.yaml")
    try:
        evidence = read_evidence(params.design, study / "data")
    except StudyError as error:
        raise StudyError(f"control {name}: {error}") from None
    scores = score_study(evidence, params.design, params.evaluate.limits)[0].rows
    numbers = control_numbers(scores, params.evaluate.rule(params.seed))
    return scores, CONTROLS[name].verdict(numbers) | numbers


def _table() -> None:
    click.echo(
        "| control | seed | self | cross | mode | gap (95% interval) | self minus mode | held |"
    )
    click.echo("|---|---|---|---|---|---|---|---|")
    for name in CONTROLS:
        for study in sorted((SEED_RUNS / name).glob("*"), key=lambda path: int(path.name)):
            n = _look(name, study)[1]
            gap, over = (
                f"{e['estimate']:.3f} ({e['ci_low']:.3f} to {e['ci_high']:.3f})"
                for e in (n["gap"], n["over_mode"])
            )
            shown = " | ".join(f"{n[key]:.3f}" for key in ("self", "cross", "mode"))
            click.echo(f"| {name} | {study.name} | {shown} | {gap} | {over} | {n['held']} |")


if __name__ == "__main__":
    main()
