"""The subjects and teachers of a study, opened by what fetch_model and finetune wrote.

What a backend needs is imported when a model of it is opened: for one in this process that takes
seconds.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from stages.models.hosted.limits_section import LimitsParams
from stages.models.protocol import Subject, Teacher
from stages.study.arms import subject_name


@dataclass(frozen=True)
class Models:
    """Those below the folder `data`; hosted ones are paid within `limits`, on account of `stage`.

    A model that fetch_model did not write is a StudyError, as is one that is no decoder.
    """

    stage: str
    limits: LimitsParams = field(default_factory=LimitsParams)
    data: Path = Path("data")

    def base(self, model: str, *, weights: bool = True) -> Subject:
        """M, the model as it was got; without weights it has its keys and cannot be asked."""
        folder = self.data / "models" / model
        if _is_hosted(folder):
            from stages.models.hosted.backend import opened
            from stages.models.hosted.ledger import Ledger

            return opened(folder, Ledger(self.limits, self.stage))
        from stages.models.local.backend import LocalSubject
        from stages.models.local.subject.loading import load_base, without_weights

        return LocalSubject(load_base(folder) if weights else without_weights(folder))

    def trained(self, model: str, adapter: str, seed: int, *, weights: bool = True) -> Subject:
        """The model as finetune trained it on one dataset with one training seed."""
        if _is_hosted(self.data / "models" / model):
            name = subject_name(adapter, seed)
            return self.base(model).changed(self.data / "adapters" / name, name)
        from stages.models.local.backend import LocalSubject
        from stages.models.local.subject.loading import trained_subject

        return LocalSubject(trained_subject(model, adapter, seed, self.data, weights=weights))

    def teacher(self, model: str) -> Teacher:
        """Who trains a model."""
        folder = self.data / "models" / model
        if _is_hosted(folder):
            from stages.models.hosted.backend import HostedTeacher
            from stages.models.hosted.ledger import Ledger

            return HostedTeacher(folder, Ledger(self.limits, self.stage))
        from stages.models.local.backend import LoraTeacher

        return LoraTeacher(folder)


def _is_hosted(folder: Path) -> bool:
    manifest = folder / "model.json"
    return manifest.is_file() and "backend" in json.loads(manifest.read_text(encoding="utf-8"))
