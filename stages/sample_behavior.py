"""sample_base, sample_target: what a subject answers to the object-level prompts.

    python -m stages.sample_behavior --model smollm2            # M, the base model
    python -m stages.sample_behavior --embed --model smollm2    # its embeddings, too
    python -m stages.sample_behavior --trained --model smollm2  # M1
    python -m stages.sample_behavior --model smollm2 --dry-run  # only what it would take

M answers every input. M1 answers what it is needed for: the train tasks, whose answers train
the cross-predictors, and of the held-out tasks what is judged and scored (pilot and test). An
answer is cut where every property asked of it is decided (finish_reason "decided"). Each training
seed has its own M1; that of a model which is taught by examples alone is M, whose answers are
copied. What M cannot read, of a prompt or of the longest question on it, is named before all.
Embeddings are the mean last hidden states of M on the prompts that are trained on or scored, by
which a classifier guesses what a target does; a model on a server has none, and its table no rows.
"""

from collections.abc import Iterator
from functools import partial

import click

from stages.models.carrying_out import carry_out
from stages.models.inputs import task_inputs
from stages.models.opening import Models
from stages.models.protocol import Subject
from stages.models.reading import check_study
from stages.models.sampling import announce_behavior, embeddings, sampled
from stages.params import Params, command, load_params
from stages.params.command import dry_run_option, say
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_rows, write_table
from stages.study.arms import self_name
from stages.study.splits import part_of


@command
@click.option("--model", required=True, help="One of the subjects.")
@click.option("--trained", is_flag=True, help="Ask M1: the model trained on its own answers.")
@click.option("--embed", is_flag=True, help="Also keep what M makes of the prompts.")
@dry_run_option
def main(model: str, trained: bool, embed: bool, dry_run: bool) -> None:
    if trained and embed:
        raise click.UsageError("Embeddings are those of M: --embed goes without --trained.")
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
    if embed and not dry_run:
        write_table("embeddings", _embeddings(model, params), f"data/embeddings/{model}.parquet")


def of_base(model: str, params: Params, cache: ResponseCache, models: Models) -> Iterator[Row]:
    """What M answers."""
    subject = models.base(model)
    for row in _behavior(subject, params, cache):
        yield row | {"seed": None}


def of_trained(model: str, params: Params, cache: ResponseCache, models: Models) -> Iterator[Row]:
    """What M1 answers, with each training seed."""
    for seed in params.seeds:
        if models.was_trained(self_name(model), seed):
            subject = models.trained(model, self_name(model), seed)
            rows = _behavior(subject, params, cache, trained=True)
        else:
            rows = _copied(model, params)
        for row in rows:
            yield row | {"seed": seed}


def _copied(model: str, params: Params) -> Iterator[Row]:
    """What M answered to what M1 is asked."""
    for task in params.design.tasks:
        keys = [row["input_id"] for row in _asked(task, trained=True)]
        yield from read_rows("behavior", f"data/behavior/{model}.parquet", task=task, input_id=keys)


def _behavior(
    subject: Subject, params: Params, cache: ResponseCache, *, trained: bool = False
) -> Iterator[Row]:
    inputs = {task: _asked(task, trained=trained) for task in params.design.tasks}
    every = [row for rows in inputs.values() for row in rows]
    if not trained:
        shown = {"train": params.finetune.lessons, "pilot": params.evaluate.ceiling}
        check_study(
            subject,
            every,
            params.design,
            params.sampling.max_tokens,
            persons=params.cross_questions,
            shown=[part for part, found in shown.items() if found],
        )
    announce_behavior(subject, every, params.design, params.sampling, cache)
    for task, rows in inputs.items():
        yield from sampled(subject, rows, params.design, params.sampling, cache, task)


def _embeddings(model: str, params: Params) -> Iterator[Row]:
    """What M makes of the inputs that train predictors and of those that are scored."""
    every = [row for task in params.design.tasks for row in task_inputs(task)]
    rows = [row for row in every if part_of(row["role"], row["input_id"]) in ("train", "test")]
    return embeddings(Models("sample_behavior", params.limits).base(model), rows)


def _asked(task: str, *, trained: bool) -> list[Row]:
    """The inputs of a task that M is asked, or M1."""
    return [
        row
        for row in task_inputs(task)
        if not (trained and part_of(row["role"], row["input_id"]) == "rehearsal")
    ]


if __name__ == "__main__":
    main()
