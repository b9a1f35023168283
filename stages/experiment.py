"""experiment: what an experiment asks and trains about one target beyond the main study.

    python -m stages.experiment --experiment calibration --target smollm2

Writes data/experiments/<experiment>/<target>.parquet: each prediction, the behavior it was about
and whether it was right. What is asked stands in stages/experiments/<experiment>/run.
"""

from importlib import import_module

import click

from stages.experiments.shared.study import Study
from stages.models.opening import Models
from stages.params import Params, command, load_params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import write_table


@command
@click.option("--experiment", required=True, help="One of `experiments.run`.")
@click.option("--target", required=True, help="The subject that is predicted.")
def main(experiment: str, target: str) -> None:
    params = load_params()
    told, study = params.told(experiment), main_study(params)
    params.subject(target)
    asked = import_module(f"stages.experiments.{experiment}.run")
    with ResponseCache() as cache:
        rows = asked.run(target, told, study, cache)
        write_table("outcomes", rows, f"data/experiments/{experiment}/{target}.parquet")


def main_study(params: Params) -> Study:
    """How the main study samples, asks and trains."""
    return Study(
        params.design,
        params.sampling,
        params.predict,
        params.cross_questions,
        params.finetune,
        Models("experiment", params.limits, mode=params.sampling.mode),
    )


if __name__ == "__main__":
    main()
