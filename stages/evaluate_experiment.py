"""evaluate_experiment: what the outcomes of an experiment say, over all targets.

    python -m stages.evaluate_experiment --experiment calibration

Writes metrics/experiments/<experiment>.json, which its section of the report is made from and whose
`settings` say of which params it is (`Params.settled`), with plots/<experiment>.json (what is
drawn) and rows/<experiment>.json (a few rows to look at) beside it. How it is measured stands in
stages/experiments/<experiment>/measure.py.
"""

from importlib import import_module
from pathlib import Path

import click

from stages.analysis.behaviors import with_options
from stages.analysis.columns import together
from stages.analysis.families import as_one_family
from stages.analysis.outcomes import sample_rows
from stages.params import command, load_params
from stages.storage.files import write_json, write_points
from stages.storage.schemas import SCHEMAS
from stages.storage.tables import read_columns, read_rows

METRICS = Path("metrics/experiments")
WORDS = ("question", "raw_answer")
"""columns that are there to be looked at"""
MEASURED = [name for name in SCHEMAS["outcomes"].names if name not in WORDS]


@command
@click.option("--experiment", required=True, help="One of `experiments.run`.")
def main(experiment: str) -> None:
    params = load_params()
    told, rule = params.told(experiment), params.evaluate.rule(params.seed)
    measure = import_module(f"stages.experiments.{experiment}.measure")
    tables = [Path(f"data/experiments/{experiment}/{name}.parquet") for name in params.subjects]
    rows = together(read_columns("outcomes", table, MEASURED) for table in tables)
    rows = with_options(rows, Path("data/tasks"))
    numbers = as_one_family(measure.numbers(rows, told, params.design, rule))
    samples = sample_rows(row for table in tables for row in read_rows("outcomes", table))
    write_json(METRICS / f"{experiment}.json", numbers | {"settings": params.settled()})
    write_points(METRICS / "plots" / f"{experiment}.json", measure.plot(numbers))
    write_json(METRICS / "rows" / f"{experiment}.json", samples)


if __name__ == "__main__":
    main()
