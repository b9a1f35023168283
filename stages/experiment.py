"""experiment: what an experiment asks and trains about one target beyond the main study.

    python -m stages.experiment --experiment calibration --target smollm2

Writes data/experiments/<experiment>/<target>.parquet: each prediction, the behavior it was about
and whether it was right. What is asked stands in stages/experiments/<experiment>/run.
"""

from importlib import import_module

import click

from stages.experiments.shared.study import Study
from stages.models.carrying_out import carry_out
from stages.models.opening import Models
from stages.params import Params, command, load_params
from stages.params.command import dry_run_option, say
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import write_table


@command
@click.option("--experiment", required=True, help="One of `experiments.run`.")
@click.option("--target", required=True, help="The subject that is predicted.")
@dry_run_option
def main(experiment: str, target: str, dry_run: bool) -> None:
    params = load_params()
    told = params.told(experiment)
    params.subject(target)
    asked = import_module(f"stages.experiments.{experiment}.run")
    path = f"data/experiments/{experiment}/{target}.parquet"
    with ResponseCache() as cache:
        say(
            carry_out(
                Models("experiment", params.limits, mode=params.sampling.mode),
                lambda models: asked.run(target, told, main_study(params, models), cache),
                lambda rows: write_table("outcomes", rows, path),
                dry_run=dry_run,
            )
        )


def main_study(params: Params, models: Models) -> Study:
    """How the main study samples, asks and trains."""
    return Study(
        params.design,
        params.sampling,
        params.predict,
        params.cross_questions,
        params.finetune,
        models,
    )


if __name__ == "__main__":
    main()
