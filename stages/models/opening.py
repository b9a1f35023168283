"""The subjects and teachers of a study, opened by what fetch_model and finetune wrote.

What a backend needs is imported when a model of it is opened: for one in this process that takes
seconds.
"""

from dataclasses import dataclass, field
from pathlib import Path

from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.spec.manifest import is_hosted
from stages.models.protocol import Subject, Teacher
from stages.models.section import ExamplesParams, FinetuneParams, Mode, TinkerParams
from stages.storage.files import read_json
from stages.study.arms import LOG, subject_name, was_trained


@dataclass(frozen=True)
class Models:
    """Those below the folder `data`; hosted ones are paid within `limits`, on account of `stage`.

    `mode` is how hosted ones are asked: live, or in batches. A model that fetch_model did not
    write is a StudyError, as is one that is no decoder.
    """

    stage: str
    limits: LimitsParams = field(default_factory=LimitsParams)
    data: Path = Path("data")
    mode: Mode = "live"

    @property
    def any_hosted(self) -> bool:
        """Whether one of the models is on a server."""
        return any(map(is_hosted, (self.data / "models").glob("*")))

    def base(self, model: str, *, weights: bool = True) -> Subject:
        """M, the model as it was got; without weights it has its keys and cannot be asked."""
        folder = self.data / "models" / model
        if is_hosted(folder):
            from stages.models.hosted.backend import opened
            from stages.models.hosted.ledger import Ledger

            return opened(folder, Ledger(self.limits, self.stage), batch=self.mode == "batch")
        from stages.models.local.backend import LocalSubject
        from stages.models.local.subject.loading import load_base, without_weights

        return LocalSubject(load_base(folder) if weights else without_weights(folder))

    def trained(self, model: str, adapter: str, seed: int, *, weights: bool = True) -> Subject:
        """The model as finetune trained it on one dataset with one training seed.

        M itself where it is taught by examples alone: there is no other M1 then.
        """
        if not self.was_trained(adapter, seed):
            return self.base(model, weights=weights)
        if is_hosted(self.data / "models" / model):
            name = subject_name(adapter, seed)
            return self.base(model).changed(self.data / "adapters" / name, name)
        from stages.models.local.backend import LocalSubject
        from stages.models.local.subject.loading import trained_subject

        return LocalSubject(trained_subject(model, adapter, seed, self.data, weights=weights))

    def was_trained(self, adapter: str, seed: int) -> bool:
        """Whether finetune trained it, as its log says."""
        log = self.data / "adapters" / subject_name(adapter, seed) / LOG
        return not log.is_file() or was_trained(read_json(log))

    def teacher(self, model: str, rule: FinetuneParams) -> Teacher | None:
        """Who trains a model; None where it is taught by examples alone."""
        folder = self.data / "models" / model
        how = rule.models.get(model)
        if isinstance(how, ExamplesParams):
            return None
        if is_hosted(folder):
            from stages.models.hosted.backend import JobTeacher
            from stages.models.hosted.ledger import Ledger

            ledger = Ledger(self.limits, self.stage)
            if isinstance(how, TinkerParams):
                from stages.models.hosted.tinker.teacher import TinkerTeacher

                return TinkerTeacher(folder, how, ledger)
            return JobTeacher(folder, ledger)
        from stages.models.local.backend import LoraTeacher

        return LoraTeacher(folder)
