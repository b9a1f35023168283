"""The stages of a study in this process, one after the other, in the working folder."""

from collections.abc import Sequence
from types import ModuleType

from stages import (
    build_dataset,
    evaluate,
    fetch_model,
    finetune,
    predict,
    sample_behavior,
    write_tasks,
)


def run(stage: ModuleType, *arguments: str) -> None:
    stage.main.main(list(arguments), standalone_mode=False)


def run_study(subjects: Sequence[str]) -> None:
    """All of the main study."""
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
    run(evaluate)
