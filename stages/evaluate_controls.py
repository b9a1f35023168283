"""evaluate_controls: whether each control study shows what it must.

    python -m stages.evaluate_controls

Writes data/control_scores/NAME.parquet and metrics/controls.json, of one run each;
control_seeds judges the controls over training runs.
"""

from pathlib import Path
from typing import Any

import click
import pandas as pd

from stages.analysis.controls import control_numbers, control_scores
from stages.analysis.rule import Rule
from stages.controls import STUDIES
from stages.controls.verdicts import CONTROLS
from stages.params import command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder, write_json
from stages.storage.tables import write_table


@command
def main() -> None:
    found = {}
    with atomic_folder("data/control_scores") as folder:
        for name, control in CONTROLS.items():
            scores, numbers, _ = look(STUDIES / name)
            write_table("scores", scores, folder / f"{name}.parquet")
            found[name] = control.verdict(numbers) | numbers
    write_json("metrics/controls.json", found)
    for name, numbers in found.items():
        held = "held" if numbers["held"] else "NOT HELD"
        click.echo(f"{name}: {held}; corrected gap {numbers['corrected_gap']['estimate']}")


def look(study: Path) -> tuple[pd.DataFrame, dict[str, Any], Rule]:
    """The score rows of a control study in a folder, its numbers, and by which rule they are."""
    if not study.is_dir():
        raise StudyError(f"{study}: no such study; run `dvc repro` to make it")
    params = load_params(study / "params.yaml")
    scores = control_scores(study, params.design, params.evaluate.limits)
    rule = params.evaluate.rule(params.seed)
    return scores, control_numbers(scores, rule), rule


if __name__ == "__main__":
    main()
