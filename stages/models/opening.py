"""The subjects and teachers of a study, opened by what fetch_model and finetune wrote.

What runs in this process is imported when it is needed: it takes seconds.
"""

from dataclasses import dataclass
from pathlib import Path

from stages.models.protocol import Subject, Teacher


@dataclass(frozen=True)
class Models:
    """Those below the folder `data`."""

    data: Path = Path("data")

    def base(self, model: str, *, weights: bool = True) -> Subject:
        """M, the model as it was got; without weights it has its keys and cannot be asked.

        Raises StudyError where fetch_model did not run, or for a model that is no decoder.
        """
        from stages.models.local.backend import LocalSubject
        from stages.models.local.subject.loading import load_base, without_weights

        folder = self.data / "models" / model
        return LocalSubject(load_base(folder) if weights else without_weights(folder))

    def trained(self, model: str, adapter: str, seed: int, *, weights: bool = True) -> Subject:
        """The model as finetune trained it on one dataset with one training seed."""
        from stages.models.local.backend import LocalSubject
        from stages.models.local.subject.loading import trained_subject

        return LocalSubject(trained_subject(model, adapter, seed, self.data, weights=weights))

    def teacher(self, model: str) -> Teacher:
        """Who trains a model."""
        from stages.models.local.backend import LoraTeacher

        return LoraTeacher(self.data / "models" / model)
