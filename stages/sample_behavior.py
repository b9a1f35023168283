"""sample_base, sample_target: what a subject answers to the object-level prompts.

    python -m stages.sample_behavior --model smollm2            # M, the base model
    python -m stages.sample_behavior --trained --model smollm2  # M1
    python -m stages.sample_behavior --model smollm2 --dry-run  # only what it would take

M answers every input. M1 answers what it is needed for: the train tasks, whose answers train
the cross-predictors, and the test split of the held-out tasks, which is scored. An answer is cut
where every property asked of it is decided (finish_reason "decided"). Each training seed
has its own M1. What M cannot read, of a prompt or of a question on it, is named before all.
"""

from collections.abc import Iterator
from functools import partial

import click

from stages.models.carrying_out import carry_out
from stages.models.inputs import task_inputs
from stages.models.opening import Models
from stages.models.protocol import Subject
from stages.models.reading import check_study
from stages.models.sampling import announce_behavior, sampled
from stages.params import Params, command, load_params
from stages.params.command import dry_run_option, say
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, write_table
from stages.study.arms import self_name


@command
@click.option("--model", required=True, help="One of the subjects.")
@click.option("--trained", is_flag=True, help="Ask M1: the model trained on its own answers.")
@dry_run_option
def main(model: str, trained: bool, dry_run: bool) -> None:
    params = load_params()
    path = f"data/behavior/{self_name(model) if trained else model}.parquet"
    behavior = of_trained if trained else of_base
    with ResponseCache() as cache:
        say(
            carry_out(
                Models("sample_behavior", params.limits, mode=params.sampling.mode),
                partial(behavior, params.subject(model), params, cache),
                lambda rows: write_table("behavior", rows, path),
                dry_run=dry_run,
            )
        )


def of_base(model: str, params: Params, cache: ResponseCache, models: Models) -> Iterator[Row]:
    """What M answers."""
    subject = models.base(model)
    for row in _behavior(subject, params, cache):
        yield row | {"seed": None}


def of_trained(model: str, params: Params, cache: ResponseCache, models: Models) -> Iterator[Row]:
    """What M1 answers, with each training seed."""
    for seed in params.seeds:
        subject = models.trained(model, self_name(model), seed)
        for row in _behavior(subject, params, cache, trained=True):
            yield row | {"seed": seed}


def _behavior(
    subject: Subject, params: Params, cache: ResponseCache, *, trained: bool = False
) -> Iterator[Row]:
    inputs = {
        task: [
            row
            for row in task_inputs(task)
            if not trained or (row["role"], row["split"]) != ("test", "train")
        ]
        for task in params.design.tasks
    }
    every = [row for rows in inputs.values() for row in rows]
    if not trained:
        check_study(subject, every, params.design, params.sampling.max_tokens)
    announce_behavior(subject, every, params.design, params.sampling, cache)
    for task, rows in inputs.items():
        yield from sampled(subject, rows, params.design, params.sampling, cache, task)


if __name__ == "__main__":
    main()
