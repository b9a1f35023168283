"""control: a whole study on organisms whose answers are known, by the stages of the main one.

    python -m stages.control own_answers

Runs the study of controls/NAME.yaml in data/controls/NAME, up to its predictions, in one process.
`--seed N` runs it with other organisms and another training seed in data/control_seeds/NAME/N, to
record how often it shows what it must (docs/method.md). evaluate_controls scores both.
"""

import contextlib
import re
import shutil
from pathlib import Path

import click
import yaml

from stages import (
    build_dataset,
    fetch_model,
    finetune,
    predict,
    sample_behavior,
    write_tasks,
)
from stages.params import Params, load_params
from stages.storage.files import atomic_folder

STUDIES, SEED_RUNS = Path("data/controls"), Path("data/control_seeds")


@click.command(help=__doc__)
@click.argument("name")
@click.option("--seed", type=click.IntRange(0), help="Of the study, its trainings and organisms.")
def main(name: str, seed: int | None) -> None:
    source = Path("controls") / f"{name}.yaml"
    if not source.is_file():
        known = ", ".join(sorted(path.stem for path in Path("controls").glob("*.yaml")))
        raise click.ClickException(f"{source}: no such control; there are: {known}")
    out = STUDIES / name if seed is None else SEED_RUNS / name / str(seed)
    with atomic_folder(out) as folder:
        shutil.copy(source, folder / "params.yaml")
        if seed is not None:
            reseed(folder / "params.yaml", seed)
        with contextlib.chdir(folder):
            run_study(load_params())


def run_study(params: Params) -> None:
    """The stages in the order of dvc.yaml up to predict, from params.yaml in the working folder."""
    models = params.subjects
    for model in models:
        _run(fetch_model, model)
    _run(write_tasks)
    for model in models:
        _run(sample_behavior, model)
        _run(build_dataset, f"{model}-self", "--behavior", model)
        _run(finetune, model, "--dataset", f"{model}-self", "--adapter", f"{model}-self")
        _run(sample_behavior, model, "--adapter", f"{model}-self")
        _run(build_dataset, f"{model}-cross", "--behavior", f"{model}-self", "--cross")
    for target in models:
        for predictor in models:
            names = ["--dataset", f"{target}-cross", "--adapter", f"{predictor}-on-{target}"]
            _run(finetune, predictor, *names)
            _run(predict, predictor, target)


def _run(stage, *arguments: str) -> None:
    stage.main(list(arguments), standalone_mode=False)


def reseed(path: Path, seed: int) -> None:
    """Give the study, its trainings and every organism the seed."""
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    params |= {"seed": seed, "seeds": [seed]}
    for model in params["models"].values():
        model["source"] = re.sub(r"[0-9]+$", str(seed), model["source"])
    path.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    main()
