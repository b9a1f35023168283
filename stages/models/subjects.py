"""The subjects and teachers of a study, opened by what fetch_model and finetune wrote below data/.

What runs in this process is imported when it is needed: it takes seconds.
"""

from pathlib import Path

from stages.models.protocol import Subject, Teacher

DATA = Path("data")


def base_subject(model: str, data: Path = DATA, *, weights: bool = True) -> Subject:
    """M, the model as it was got; where no weights are wanted it has its keys and cannot be asked.

    Raises StudyError where fetch_model did not run, or for a model that is no decoder.
    """
    from stages.models.local.backend import LocalSubject
    from stages.models.local.subject.loading import load_base, without_weights

    folder = data / "models" / model
    return LocalSubject(load_base(folder) if weights else without_weights(folder))


def trained_subject(
    model: str, adapter: str, seed: int, data: Path = DATA, *, weights: bool = True
) -> Subject:
    """The model as finetune trained it on one dataset with one training seed."""
    from stages.models.local.backend import LocalSubject
    from stages.models.local.subject import loading

    return LocalSubject(loading.trained_subject(model, adapter, seed, data, weights=weights))


def teacher(model: str, data: Path = DATA) -> Teacher:
    """Who trains the model."""
    from stages.models.local.backend import LoraTeacher

    return LoraTeacher(data / "models" / model)
