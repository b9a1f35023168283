"""training_seeds: how far the main numbers move from one training run to the next.

    dvc exp run -S 'seeds=[0,1,2]' evaluate
    python -m stages.training_seeds
    python -m stages.training_seeds --write docs/training_seeds.json

Prints a table of data/scores.parquet, which has to be of several training seeds: of every target
each number by seed, and how it is spread. What `--write` keeps the report quotes where the study
has one seed; `settings` in it say of which params it is (`Params.settled`).
"""

from pathlib import Path

import click

from stages.analysis.rounding import rounded
from stages.analysis.training_runs import training_runs
from stages.params import command, load_params
from stages.reporting.sections import render
from stages.storage.files import write_json
from stages.storage.tables import read_columns
from stages.terminal.closing import then, wrote


@command
@click.option(
    "--write",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A JSON file to keep it in, such as docs/training_seeds.json.",
)
def main(path: Path | None) -> None:
    params = load_params()
    scores = read_columns("scores", "data/scores.parquet")
    found = rounded(training_runs(scores, params.evaluate.rule(params.seed), params.design))
    if path is not None:
        write_json(path, found | {"settings": params.settled()})
    click.echo(render("training_seeds.md.j2", found=found))
    if path is None:
        then("--write docs/training_seeds.json keeps it for the report")
    else:
        wrote(path)
        then("dvc repro report, which quotes docs/training_seeds.json")


if __name__ == "__main__":
    main()
