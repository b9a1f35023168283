"""predict: what predictors answer to the hypothetical questions on the held-out tasks.

    python -m stages.predict --predictor gemma3 --target smollm2

Asks the adapter <predictor>-on-<target>: cross-prediction. Where predictor and target are one
model that adapter is the fresh-label self, and its base M (untrained) and M1 (self) are asked
too. Whoever predicts itself is asked in the second person; other models are asked as params.yaml
says (cross_questions.test), but for questions that a task brings, which are asked as they stand.
Decoding is greedy. Where the answers are a closed set the probability of each is kept beside the
answer: `distribution`.

Each trained arm is also asked on the pilot inputs with the answer that M1 gave in the question:
`shown`. That is never scored; judge_cells takes from it which cells count. With `evaluate.ceiling`
null nobody is shown anything.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from stages.models.carrying_out import carry_out
from stages.models.inputs import by_id, split_inputs
from stages.models.opening import Models
from stages.models.predicting import hypothetical_questions, predict, predictors, question_form
from stages.models.questions import Decoding
from stages.params import Params, command, load_params
from stages.params.command import dry_run_option, say
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_rows, write_table
from stages.study.arms import pair_name, self_name
from stages.study.compliance import behavior_compliance
from stages.study.prompts import can_be_shown
from stages.study.splits import part_of


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
                partial(predictions, predictor, target, params, cache, foreseen=dry_run),
                lambda rows: write_table("predictions", rows, f"data/predictions/{name}.parquet"),
                dry_run=dry_run,
            )
        )


def predictions(
    predictor: str,
    target: str,
    params: Params,
    cache: ResponseCache,
    models: Models,
    *,
    foreseen: bool = False,
) -> Iterator[Row]:
    """What all arms of a predictor answer about a target.

    Where it is only `foreseen`, M1 need not have answered: all pilot inputs are counted then.
    """
    scored = {task: split_inputs(task, "test") for task in params.design.test}
    pilot = _pilot_inputs(params)
    decoding = Decoding(params.predict.max_tokens)
    for arm, subject in predictors(predictor, target, params.seeds, models):
        form = question_form(arm.kind, params.predict, params.cross_questions)
        asked = [(task, rows, form) for task, rows in scored.items()]
        if pilot and arm.adapter is not None:
            shown = _answers(target, arm.seed, pilot, foreseen)
            read = [row for row in pilot if row["input_id"] in shown]
            asked.append(("answers shown", read, replace(form, shown=shown)))
        every = [
            question
            for _, rows, how in asked
            for question in hypothetical_questions(rows, params.properties, how)
        ]
        subject.announce(every, decoding, cache, subject.name)
        for label, rows, how in asked:
            for row in predict(
                subject, rows, params.properties, decoding, cache, form=how, label=label
            ):
                yield row | {"kind": arm.kind, "seed": arm.seed}


def _pilot_inputs(params: Params) -> list[Row]:
    """The pilot inputs on which an answer can be shown; none where there is no ceiling."""
    if params.evaluate.ceiling is None:
        return []
    return [
        row
        for task in params.design.test
        for row in split_inputs(task, "train")
        if part_of(row["role"], row["input_id"]) == "pilot" and can_be_shown(row)
    ]


def _answers(target: str, seed: int | None, inputs: list[Row], foreseen: bool) -> dict[str, str]:
    """input_id -> M1's first answer; without those that do not comply."""
    items, path = by_id(inputs), Path(f"data/behavior/{self_name(target)}.parquet")
    if foreseen and not path.is_file():
        return dict.fromkeys(items, "A")
    return {
        row["input_id"]: row["response"]
        for row in read_rows("behavior", path, seed=seed, sample=0, input_id=list(items))
        if _complies(row["response"], items[row["input_id"]])
    }


def _complies(response: str, item: Row) -> bool:
    return behavior_compliance(response, item["family"], item["options"]) is None


if __name__ == "__main__":
    main()
