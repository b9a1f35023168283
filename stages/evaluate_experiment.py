"""evaluate_experiment: what the outcomes of an experiment say, over all targets.

    python -m stages.evaluate_experiment calibration

Writes metrics/experiments/<experiment>.json, which its section of the report is made from, with
plots/<experiment>.json (what is drawn) and rows/<experiment>.json (a few rows to look at) beside
it. How it is measured stands in stages/analysis/experiments/<experiment>.py.
"""

from importlib import import_module
from pathlib import Path

import click

from stages.analysis.outcomes import sample_rows
from stages.params import command, load_params
from stages.params.experiments import EXPERIMENTS
from stages.storage.errors import StudyError
from stages.storage.files import write_json
from stages.storage.tables import read_table


@command
@click.argument("experiment", type=click.Choice(EXPERIMENTS))
def main(experiment: str) -> None:
    params = load_params()
    measure = import_module(f"stages.experiments.{experiment}.measure")
    outcomes, metrics = Path("data/experiments") / experiment, Path("metrics/experiments")
    try:
        rows = [
            row
            for target in params.subjects
            for row in read_table("outcomes", outcomes / f"{target}.parquet")
        ]
    except StudyError as error:
        raise click.ClickException(str(error)) from None
    numbers = measure.numbers(rows, params)
    write_json(metrics / f"{experiment}.json", numbers)
    write_json(metrics / "plots" / f"{experiment}.json", measure.plot(numbers))
    write_json(metrics / "rows" / f"{experiment}.json", sample_rows(rows))


if __name__ == "__main__":
    main()
