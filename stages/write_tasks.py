"""write_tasks: the inputs of every task with their object-level prompts, one table a task.

    python -m stages.write_tasks

From params.yaml and the files that its loaded tasks name. An input's split is decided by its own
id, so no input is ever in both splits and asking for more inputs moves none.
"""

from itertools import islice
from pathlib import Path

import click

from stages.loaded_tasks import load_task
from stages.params import Params, load_params
from stages.storage.files import atomic_folder
from stages.storage.tables import Row, write_table
from stages.study.splits import input_id, split_of
from stages.study.tasks import TASKS, Item, Task

MOST_CANDIDATES = 100_000


@click.command(help=__doc__)
def main() -> None:
    params = load_params()
    with atomic_folder("data/tasks") as folder:
        for name in params.tasks.train + params.tasks.test:
            task = TASKS[name] if name in TASKS else load_task(name, params.tasks.loaded[name])
            rows = task_rows(task, params)
            write_table("tasks", rows, Path(folder) / f"{name}.parquet")
            click.echo(f"{name}: {len(rows)} inputs")


def task_rows(task: Task, params: Params) -> list[Row]:
    """The first inputs of each split, as many as the params ask for, or an error.

    With `tasks.allow_fewer` a task that has fewer gives all it has, one at least.
    """
    role = "train" if task.name in params.tasks.train else "test"
    wanted = {"train": params.tasks.train_inputs, "test": 0}
    if role == "test":
        wanted = {"train": params.tasks.pilot_inputs, "test": params.tasks.test_inputs}
    rows: dict[str, list[Row]] = {"train": [], "test": []}
    for item in islice(task.candidates(params.seed), MOST_CANDIDATES):
        if all(len(rows[split]) >= wanted[split] for split in rows):
            break
        key = input_id(task.name, item.text)
        split = split_of(key)
        if len(rows[split]) < wanted[split]:
            rows[split].append({
                "input_id": key, "task": task.name, "family": task.family, "role": role,
                "split": split, "input": item.text, "object_prompt": task.prompt(item),
                "options": list(item.options), "trait_option": item.trait_option,
                "questions": _questions(task, item),
            })  # fmt: skip
    for split, count in wanted.items():
        enough = min(1, count) if params.tasks.allow_fewer else count
        if len(rows[split]) < enough:
            key = (
                "train_inputs"
                if role == "train"
                else f"{'pilot' if split == 'train' else 'test'}_inputs"
            )
            raise click.ClickException(
                f"params.yaml: tasks.{key}: {count}: task {task.name} has {len(rows[split])} "
                f"inputs in its {split} split; at most that many are allowed, or set "
                "tasks.allow_fewer"
            )
    return rows["train"] + rows["test"]


def _questions(task: Task, item: Item) -> list[Row] | None:
    own = task.questions(item)
    if own is None:
        return None
    return [{"property": name, "messages": messages} for name, messages in sorted(own.items())]


if __name__ == "__main__":
    main()
