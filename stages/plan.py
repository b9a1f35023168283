"""plan: what the main study would ask and teach, stage by stage, and what that would cost.

    python -m stages.plan

Sends and computes nothing. It takes what fetch_model and write_tasks wrote, so it can be made
before anything is paid. What a stage asks is known exactly, and its tokens are estimated. What is
trained on hangs on answers: before there are any, all inputs of the train tasks are counted with
all their questions and, where answers are rehearsed, one as long as it may be to each input that
they are taken from, which is the most that it can be. What an experiment would ask is told by
`python -m stages.experiment --experiment X --target Y --dry-run` once there are scores.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import click

from stages import finetune, predict, sample_behavior
from stages.models.hosted.foresight import told
from stages.models.inputs import task_inputs
from stages.models.opening import Models
from stages.models.plan import Plan, by_subject
from stages.models.planning import planned
from stages.params import Params, command, load_params
from stages.storage.errors import plain
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.arms import pair_dataset, pair_name, self_name
from stages.study.prompts import asked_properties, can_be_shown, question_on
from stages.study.splits import part_of
from stages.terminal.closing import then

Rows = Callable[[Models], Iterable[object]]


@command
def main() -> None:
    params = load_params()
    every: list[Plan] = []
    with ResponseCache() as cache:
        for stage, rows in _stages(params, cache):
            plans = planned(Models(stage, params.limits, mode=params.sampling.mode), rows)
            every += plans
            for plan in plans:
                click.echo(plain(f"{stage}: {told(plan, params.limits)}"))
    for plan in by_subject(plan.whole for plan in every if plan.host):
        click.echo(plain(f"all of it: {told(plan, params.limits)}"))
    then("make run, which asks and teaches it; `limits` of params.yaml says how much it may cost")


def _stages(params: Params, cache: ResponseCache) -> Iterator[tuple[str, Rows]]:
    """The stages that ask or teach in the order of dvc.yaml, each with what makes its rows."""
    models = params.subjects
    for model in models:
        yield "sample_base", partial(sample_behavior.of_base, model, params, cache)
    for model in models:
        yield "train_self", _training(model, self_name(model), self_name(model), params)
    for model in models:
        yield "sample_target", partial(sample_behavior.of_trained, model, params, cache)
    for target in models:
        for model in models:
            names = pair_name(model, target), pair_dataset(model, target)
            yield "train_cross", _training(model, *names, params)
    for target in models:
        for model in models:
            yield (
                "predict",
                partial(predict.predictions, model, target, params, cache, foreseen=True),
            )


def _training(model: str, adapter: str, dataset: str, params: Params) -> Rows:
    """The training on a dataset, or on the most that it can become where it is not there."""
    table = Path("data/datasets") / f"{dataset}.parquet"
    if table.is_file():
        return partial(finetune.taught, model, adapter, table, params)

    def rows(models: Models) -> Iterator[object]:
        if (teacher := models.teacher(model, params.finetune)) is None:
            return
        for seed in params.seeds:
            told = params.finetune.of(model)
            yield teacher.teach(_at_most(params), told, told.seed_of(seed, adapter))

    return rows


def _at_most(params: Params) -> Iterator[Row]:
    """Rows of a dataset to which every input of the train tasks gave all that it is asked for.

    An answer that stands in a lesson is as long as answers may be.
    """
    person, lessons = params.cross_questions.train, math.ceil(params.finetune.lessons)
    for task in params.design.train:
        for item in task_inputs(task):
            answers = [" ".join(["word"] * params.sampling.max_tokens)] * lessons
            for shown in [None, *(answers if can_be_shown(item) else ())]:
                for name in asked_properties(item, params.properties):
                    yield {
                        "input_id": item["input_id"],
                        "question": question_on(item, name, person, shown),
                        "label": "A",
                        "weight": 1.0,
                        "slice": "train",
                    }
    if params.finetune.rehearse != "none":
        yield from _rehearsed(params)


def _rehearsed(params: Params) -> Iterator[Row]:
    """Answers as long as they may be to all inputs whose answers are rehearsed."""
    for task in (*params.design.train, *params.design.test):
        for item in task_inputs(task):
            if part_of(item["role"], item["input_id"]) in ("train", "rehearsal"):
                about = {"input_id": item["input_id"], "question": item["object_prompt"]}
                label = " ".join(["word"] * params.sampling.max_tokens)
                for _ in range(params.sampling.n_samples):
                    yield about | {"label": label, "weight": 1.0, "slice": "train"}


if __name__ == "__main__":
    main()
