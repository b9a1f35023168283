"""control: a whole study on organisms whose answers are known, by the stages of the main one.

    python -m stages.control --control own_answers

Runs the study of controls/NAME.yaml in data/controls/NAME, up to its predictions, in one process.
`--seed N` runs it with other organisms and another training seed in data/control_seeds/NAME/N, to
record how often it shows what it must (docs/method.md). evaluate_controls scores both.
"""

import contextlib
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from ruamel.yaml import YAML

from stages import build_dataset, finetune, predict, sample_behavior
from stages.controls import SEED_RUNS, STUDIES
from stages.controls.organisms.codes import CODES
from stages.controls.organisms.organism import grow
from stages.models.fetch.fetching import fetch
from stages.models.fetch.resolve import Grow
from stages.models.fetch.sources import Instilled, Organism
from stages.params import Params, command, load_params, named_file
from stages.storage.errors import StudyError
from stages.storage.files import atomic_folder
from stages.storage.tables import write_table
from stages.study.inputs import task_rows
from stages.study.item import Task


@command
@click.option("--control", "name", required=True, help="A file of controls/.")
@click.option("--seed", type=click.IntRange(0), help="Of the study, its trainings and organisms.")
def main(name: str, seed: int | None) -> None:
    source = named_file(Path("controls"), name, "control")
    out = STUDIES / name if seed is None else SEED_RUNS / name / str(seed)
    with atomic_folder(out) as folder:
        shutil.copy(source, folder / "params.yaml")
        if seed is not None:
            reseed(folder / "params.yaml", seed)
        params = load_params(folder / "params.yaml", shown=source)
        with contextlib.chdir(folder):
            run_study(params, CODES, _grown)


def run_study(
    params: Params, tasks: Mapping[str, Task], grown: Grow, targets: Sequence[str] | None = None
) -> None:
    """The stages in the order of dvc.yaml up to predict, from params.yaml in the working folder.

    `tasks` are all that it may have, by name; `grown` makes its models. Of `targets`, else of all
    subjects, the behavior is predicted. Raises StudyError.
    """
    write_tables(params, tasks)
    run_stages(params, grown, targets)


def run_stages(params: Params, grown: Grow, targets: Sequence[str] | None = None) -> None:
    """The same from the tasks tables on, which are there."""
    models = params.subjects
    for model in models:
        fetch(model, params.models[model], params.chat, Path("data/models") / model, grown)
        _run(sample_behavior.main, "--model", model)
    for target in models if targets is None else targets:
        _run(build_dataset.main, "--model", target)
        _run(finetune.main, "--model", target)
        _run(sample_behavior.main, "--trained", "--model", target)
        _run(build_dataset.main, "--target", target)
        for predictor in models:
            pair = ("--predictor", predictor, "--target", target)
            _run(finetune.main, *pair)
            _run(predict.main, *pair)


def _grown(source: Organism | Instilled, folder: Path) -> None:
    if isinstance(source, Instilled):
        raise StudyError("a control is a study of organisms; a copy is made by stage sensitivity")
    grow(source, folder)


def write_tables(params: Params, tasks: Mapping[str, Task]) -> None:
    """The tables of a study whose tasks are all among `tasks`; else StudyError."""
    for role, names in (("train", params.design.train), ("test", params.design.test)):
        for name in names:
            if name not in tasks:
                raise StudyError(
                    f"params.yaml: tasks.{role}: {name!r} is no task of such a study; "
                    f"allowed: {', '.join(tasks)}"
                )
            rows = task_rows(
                tasks[name],
                role,
                params.tasks.counts,
                params.seed,
                allow_fewer=params.tasks.allow_fewer,
            )
            write_table("tasks", rows, Path("data/tasks") / f"{name}.parquet")


def _run(stage: click.Command, *arguments: str) -> None:
    stage.main(list(arguments), standalone_mode=False)


def reseed(path: Path, seed: int) -> None:
    """Give the study, its trainings and every organism the seed."""
    yaml = YAML()
    params = yaml.load(path)
    params["seed"], params["seeds"] = seed, [seed]
    for model in params["models"].values():
        model["source"] = re.sub(r"[0-9]+$", str(seed), model["source"])
    yaml.dump(params, path)


if __name__ == "__main__":
    main()
