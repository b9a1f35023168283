"""predict: what predictors answer to the hypothetical questions on the held-out tasks.

    python -m stages.predict --predictor gemma3 --target smollm2

Asks the adapter <predictor>-on-<target>: cross-prediction. Where predictor and target are one
model that adapter is the fresh-label self, and its base M (untrained) and M1 (self) are asked
too. Whoever predicts itself is asked in the second person; other models are asked as params.yaml
says (cross_questions.test), but for questions that a task brings, which are asked as they stand.
Decoding is greedy. Where the answers are a closed set the probability of each is kept beside the
answer: `distribution`.
"""

from collections.abc import Iterator
from functools import partial

import click

from stages.models.carrying_out import carry_out
from stages.models.inputs import split_inputs
from stages.models.opening import Models
from stages.models.predicting import hypothetical_questions, predict, predictors, question_form
from stages.models.questions import Decoding
from stages.params import Params, command, load_params
from stages.params.command import dry_run_option, say
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, write_table
from stages.study.arms import pair_name


@command
@click.option("--predictor", required=True, help="The subject that predicts.")
@click.option("--target", required=True, help="The subject that is predicted.")
@dry_run_option
def main(predictor: str, target: str, dry_run: bool) -> None:
    params = load_params()
    name = pair_name(params.subject(predictor), params.subject(target))
    with ResponseCache() as cache:
        say(
            carry_out(
                Models("predict", params.limits, mode=params.sampling.mode),
                partial(predictions, predictor, target, params, cache),
                lambda rows: write_table("predictions", rows, f"data/predictions/{name}.parquet"),
                dry_run=dry_run,
            )
        )


def predictions(
    predictor: str, target: str, params: Params, cache: ResponseCache, models: Models
) -> Iterator[Row]:
    """What all arms of a predictor answer about a target."""
    inputs = {task: split_inputs(task, "test") for task in params.design.test}
    decoding = Decoding(params.predict.max_tokens)
    for arm, subject in predictors(predictor, target, params.seeds, models):
        form = question_form(arm.kind, params.predict, params.cross_questions)
        every = [row for rows in inputs.values() for row in rows]
        questions = hypothetical_questions(every, params.properties, form)
        subject.announce(questions, decoding, cache, subject.name)
        for task, items in inputs.items():
            for row in predict(
                subject, items, params.properties, decoding, cache, form=form, label=task
            ):
                yield row | {"kind": arm.kind, "seed": arm.seed}


if __name__ == "__main__":
    main()
