"""experiment: what an experiment asks and trains about one target beyond the main study.

    python -m stages.experiment calibration smollm2

Writes data/experiments/<experiment>/<target>.parquet: each prediction, the behavior it was about
and whether it was right. What is asked stands in stages/experiments/<experiment>.py.
"""

from importlib import import_module

import click

from stages.params import command, load_params
from stages.params.experiments import EXPERIMENTS
from stages.storage.errors import StudyError
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import write_table


@command
@click.argument("experiment", type=click.Choice(EXPERIMENTS))
@click.argument("target")
def main(experiment: str, target: str) -> None:
    params = load_params()
    if getattr(params.experiments, experiment) is None:
        raise click.ClickException(f"params.yaml: experiments.{experiment}: this key is missing")
    with ResponseCache() as cache:
        try:
            rows = import_module(f"stages.experiments.{experiment}.run").run(target, params, cache)
        except StudyError as error:
            raise click.ClickException(str(error)) from None
    write_table("outcomes", rows, f"data/experiments/{experiment}/{target}.parquet")


if __name__ == "__main__":
    main()
