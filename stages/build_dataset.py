"""build_self_dataset, build_cross_dataset: hypothetical questions with what was really done.

    python -m stages.build_dataset --model smollm2   # M's answers, to train M1
    python -m stages.build_dataset --target smollm2  # M1's answers, to train those who predict it

From the behavior on the train tasks: one row per input and property. M1's answers become two
datasets of the same labels: <target>-cross asks as params.yaml has other models asked, and
<target>-fresh, for the fresh-label self, in the second person. Answers that do not comply with the
object-level prompt are left out and counted. Lessons in reading are added (finetune.lessons), whose
labels are true even where others are scrambled. Also written in the chat format of the OpenAI
fine-tuning API (train slice only, of the first training seed of M1), with a report of what was left
out, how the labels are spread, and how many rows stand twice.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import click

from stages.models.inputs import by_id, task_inputs
from stages.params import Params, command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import atomic_path, write_json
from stages.storage.tables import Row, read_columns, read_rows, write_table
from stages.study.arms import cross_dataset, fresh_dataset, self_name
from stages.study.datasets import DatasetReport, chat_line, dataset_rows, scrambled
from stages.study.lessons import lesson_rows
from stages.study.prompts import Person, can_be_shown


@command
@click.option("--model", help="The subject whose own answers train it: M's dataset.")
@click.option("--target", help="The subject whose M1 is predicted: the datasets of its predictors.")
def main(model: str | None, target: str | None) -> None:
    if (model is None) == (target is None):
        raise click.UsageError("Name --model or --target, one of the two.")
    params = load_params()
    if model is not None:
        subject = params.subject(model)
        _write(self_name(subject), subject, "second", params)
    else:
        subject = params.subject(target or "")
        _write(cross_dataset(subject), self_name(subject), params.cross_questions.train, params)
        _write(fresh_dataset(subject), self_name(subject), "second", params)


def _write(name: str, behavior: str, person: Person, params: Params) -> None:
    """The dataset of a name, of a table of behavior: parquet, JSON lines and report."""
    folder, report = Path("data/datasets"), DatasetReport()
    source = Path("data/behavior") / f"{behavior}.parquet"
    found = read_columns("behavior", source, ["seed"])["seed"].drop_duplicates().tolist()
    seeds = [None if math.isnan(seed) else int(seed) for seed in found]
    with atomic_path(folder / f"{name}.jsonl") as lines, open(lines, "w", encoding="utf-8") as file:

        def rows() -> Iterator[Row]:
            for row in _rows(source, seeds, person, params, report):
                report.add(row)
                if (row["slice"], row["seed"]) == ("train", seeds[0]):
                    file.write(chat_line(row))
                yield row
            if not report.train_rows:
                raise StudyError(
                    f"{source}: no compliant answer on a train task, so there is nothing to train "
                    f"on; left out: {report.numbers()['excluded']}"
                )

        write_table("datasets", rows(), folder / f"{name}.parquet")
    write_json(folder / f"{name}.report.json", report.numbers())
    click.echo(
        f"{name}: {report.rows} rows in the {person} person, {report.lessons} of lessons; "
        f"left out: {report.left_out}{_kept_second(person, params)}"
    )


def _kept_second(person: Person, params: Params) -> str:
    """Which train tasks are asked by their own questions, where others are asked in the third."""
    own = [task for task in params.design.train if person == "third" and _brings_own(task)]
    return f"; in the second person, by questions of their own: {', '.join(own)}" if own else ""


def _brings_own(task: str) -> bool:
    return any(not can_be_shown(item) for item in task_inputs(task))


def _rows(
    source: Path, seeds: list[int | None], person: Person, params: Params, report: DatasetReport
) -> Iterator[Row]:
    """The rows of all train tasks and training seeds of the behavior; each task's lessons last."""
    for task in params.design.train:
        inputs = by_id(task_inputs(task))
        for seed in seeds:
            answers = list(read_rows("behavior", source, task=task, seed=seed))
            rows, reasons = dataset_rows(
                inputs,
                answers,
                params.properties,
                person=person,
                seed=params.seed,
                held_back=params.finetune.held_back,
            )
            report.leave_out(task, reasons)
            if params.finetune.scramble_labels:
                rows = scrambled(rows, params.seed)
            rows += lesson_rows(
                rows,
                inputs,
                answers,
                params.properties,
                person=person,
                seed=params.seed,
                held_back=params.finetune.held_back,
                lessons=params.finetune.lessons,
            )
            for row in rows:
                yield row | {"seed": seed}


if __name__ == "__main__":
    main()
