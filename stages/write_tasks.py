"""write_tasks: the inputs of every task with their object-level prompts, one table a task.

    python -m stages.write_tasks

From params.yaml and the files that its loaded tasks name. An input's split is decided by its own
id, so no input is ever in both splits and asking for more inputs moves none. A prompt that would be
taught in one task, and judged or scored in another, is refused.
"""

from pathlib import Path

import click

from stages.controls.instilling.prompts import PROMPTS
from stages.controls.organisms.codes import CODES
from stages.params import command, load_params
from stages.storage.files import atomic_folder
from stages.storage.tables import write_table
from stages.study.inputs import check_apart, task_rows
from stages.tasks import TASKS
from stages.tasks.files.loading import load_task


@command
def main() -> None:
    params = load_params()
    known = TASKS | CODES | PROMPTS
    seen: dict[tuple[str, bool], str] = {}
    with atomic_folder("data/tasks") as folder:
        for name in params.design.tasks:
            task = known[name] if name in known else load_task(name, params.tasks.loaded[name])
            role = "train" if name in params.design.train else "test"
            rows = task_rows(
                task,
                role,
                params.tasks.counts,
                params.seed,
                allow_fewer=params.tasks.allow_fewer,
            )
            check_apart(rows, seen)
            write_table("tasks", rows, Path(folder) / f"{name}.parquet")
            click.echo(f"{name}: {len(rows)} inputs")


if __name__ == "__main__":
    main()
