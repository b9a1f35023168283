"""sample_base, sample_target: what a subject answers to the object-level prompts.

    python -m stages.sample_behavior --model smollm2            # M, the base model
    python -m stages.sample_behavior --trained --model smollm2  # M1

M answers every input. M1 answers what it is needed for: the train tasks, whose answers train
the cross-predictors, and the test split of the held-out tasks, which is scored. An answer is cut
where every property asked of it is decided (finish_reason "decided"). Each training seed
has its own M1; that of a model which is taught by examples alone is M, whose answers are copied.
What M cannot read, of a prompt or of a question on it, is named before all.
"""

from collections.abc import Iterator

import click

from stages.models.inputs import task_inputs
from stages.models.opening import Models
from stages.models.protocol import Subject
from stages.models.reading import check_study
from stages.models.sampling import sampled
from stages.params import Params, command, load_params
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_rows, write_table
from stages.study.arms import self_name


@command
@click.option("--model", required=True, help="One of the subjects.")
@click.option("--trained", is_flag=True, help="Ask M1: the model trained on its own answers.")
def main(model: str, trained: bool) -> None:
    params = load_params()
    params.subject(model)
    with ResponseCache() as cache:
        rows = _trained(model, params, cache) if trained else _base(model, params, cache)
        name = self_name(model) if trained else model
        write_table("behavior", rows, f"data/behavior/{name}.parquet")


def _base(model: str, params: Params, cache: ResponseCache) -> Iterator[Row]:
    subject = _models(params).base(model)
    for row in _behavior(subject, params, cache):
        yield row | {"seed": None}


def _trained(model: str, params: Params, cache: ResponseCache) -> Iterator[Row]:
    for seed in params.seeds:
        if _models(params).was_trained(self_name(model), seed):
            subject = _models(params).trained(model, self_name(model), seed)
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


def _models(params: Params) -> Models:
    return Models("sample_behavior", params.limits)


def _behavior(
    subject: Subject, params: Params, cache: ResponseCache, *, trained: bool = False
) -> Iterator[Row]:
    if not trained:
        every = [row for task in params.design.tasks for row in task_inputs(task)]
        check_study(subject, every, params.design, params.sampling.max_tokens)
    for task in params.design.tasks:
        inputs = _asked(task, trained=trained)
        yield from sampled(subject, inputs, params.design, params.sampling, cache, task)


def _asked(task: str, *, trained: bool) -> list[Row]:
    """The inputs of a task that M is asked, or M1."""
    return [
        row
        for row in task_inputs(task)
        if not (trained and (row["role"], row["split"]) == ("test", "train"))
    ]


if __name__ == "__main__":
    main()
