"""questions: the hypothetical questions on the held-out tasks as a CSV, for a person to fill in.

    python -m stages.questions --target smollm2 --inputs 5 given/anna.csv

A row for each question; its column `answer` is empty. They ask about another model, as whoever
reads them is none of the subjects; `--person second` writes the words that models are asked. What
follows stands in docs/given.md.
"""

import csv
from pathlib import Path
from typing import get_args

import click

from stages.models.inputs import held_out_inputs
from stages.params import command, load_params
from stages.storage.errors import StudyError
from stages.storage.files import atomic_path
from stages.study.prompts import Person, asked_properties, question_on
from stages.terminal.closing import then

COLUMNS = ("target", "input_id", "task", "property", "question", "answer")


@command
@click.option("--target", required=True, help="The subject whose answers are to be predicted.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--inputs", type=click.IntRange(min=1), help="Of each held-out task; else all.")
@click.option("--person", type=click.Choice(get_args(Person)), default="third", show_default=True)
def main(target: str, file: Path, inputs: int | None, person: Person) -> None:
    params = load_params()
    params.subject(target)
    if file.exists():
        raise StudyError(f"{file}: it is there already, perhaps with answers; name a new file")
    rows = held_out_inputs(params.design.test, inputs)
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(file) as partial, open(partial, "w", encoding="utf-8", newline="") as text:
        table = csv.writer(text)
        table.writerow(COLUMNS)
        for row in rows:
            for name in asked_properties(row, params.properties):
                asked = question_on(row, name, person)
                question = "\n".join(message["content"] for message in asked)
                table.writerow([target, row["input_id"], row["task"], name, question, ""])
    click.echo(f"{file}: questions on {len(rows)} inputs; fill in the column 'answer'")
    then(
        "then name the file in `given` of params.yaml and give `dvc repro evaluate`: docs/given.md"
    )


if __name__ == "__main__":
    main()
