"""The stages of a study in this process, one after the other, in the working folder.

A process and `dvc repro` for each of them cost some four seconds of processor time a stage.
"""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from stages import (
    build_dataset,
    evaluate,
    evaluate_experiment,
    experiment,
    fetch_model,
    finetune,
    judge_cells,
    predict,
    sample_behavior,
    write_tasks,
)
from stages.storage.files import write_json


def run(stage: ModuleType, *arguments: str) -> None:
    stage.main.main(list(arguments), standalone_mode=False)


def run_study(subjects: Sequence[str]) -> None:
    """All of the main study; where no copy with private answers was asked none is told of."""
    for name in subjects:
        run(fetch_model, "--model", name)
    run(write_tasks)
    for name in subjects:
        run(sample_behavior, "--model", name)
        run(build_dataset, "--model", name)
        run(finetune, "--model", name)
        run(sample_behavior, "--trained", "--model", name)
        run(build_dataset, "--target", name)
    for target in subjects:
        for predictor in subjects:
            run(finetune, "--predictor", predictor, "--target", target)
            run(predict, "--predictor", predictor, "--target", target)
    run(judge_cells)
    copies = Path("metrics/sensitivity.json")
    if not copies.exists():
        write_json(copies, {})
    run(evaluate)


def run_experiments(names: Sequence[str], subjects: Sequence[str]) -> None:
    """What these experiments ask, and their numbers."""
    for name in names:
        for target in subjects:
            run(experiment, "--experiment", name, "--target", target)
        run(evaluate_experiment, "--experiment", name)
