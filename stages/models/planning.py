"""Models of which nothing is asked or taught: what a stage would ask and teach is noted instead.

The stage goes through all that it does, so what it asks is what it would ask. Answers that the
cache has are real ones; in place of others stands `A`, which most questions allow, so that what
follows on an answer is counted too.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stages.models.hosted.foresight import check_fits, told
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.spec.manifest import is_hosted
from stages.models.opening import Models
from stages.models.plan import Plan, by_subject
from stages.models.protocol import Subject, Teacher
from stages.models.questions import Answer, Decoding, Key, Question
from stages.models.section import FinetuneParams
from stages.storage.errors import StudyError
from stages.storage.response_cache import AnswerKey, ResponseCache
from stages.storage.tables import Row
from stages.study.arms import subject_name

log = logging.getLogger(__name__)

UNTAUGHT = Path("not-there-yet")  # what a teacher would make


@dataclass(frozen=True)
class PlannedSubject:
    """A subject whose questions are noted in `plans`.

    `subject` is the real one; None where nothing of it is noted. With `new` it is only what the
    subject will be made of: nothing is known of its answers.
    """

    name: str
    subject: Subject | None
    plans: list[Plan]
    new: bool = False

    @property
    def fingerprint(self) -> str:
        return self.subject.fingerprint if self.subject else ""

    def check(self, questions: Sequence[Question], max_tokens: int) -> None:
        """Nothing: the stage itself says what cannot be read."""

    def keys(self, questions: Sequence[Question], decoding: Decoding) -> list[AnswerKey]:
        return self.subject.keys(questions, decoding) if self.subject else []

    def kept(
        self, questions: Sequence[Question], decoding: Decoding, cache: ResponseCache
    ) -> dict[Key, Answer]:
        if self.subject is None or self.new:
            return {}
        return self.subject.kept(questions, decoding, cache)

    def plan(self, questions: Sequence[Question], decoding: Decoding, kept: Iterable[Key]) -> Plan:
        if self.subject is None:
            return Plan(self.name)
        plan = replace(self.subject.plan(questions, decoding, set(kept)), subject=self.name)
        if not self.new:
            return plan
        tariff = plan.tariff and replace(plan.tariff, trained=True)
        return replace(plan, tariff=tariff, samples=())  # it has no name yet

    def ask(
        self, questions: list[Question], decoding: Decoding, cache: ResponseCache, label: str
    ) -> dict[Key, Answer]:
        kept = self.kept(questions, decoding, cache)
        if self.subject is not None:
            self.plans.append(self.plan(questions, decoding, kept))
        return {question.key: _stand_in(question) for question in questions} | kept

    def announce(
        self, questions: list[Question], decoding: Decoding, cache: ResponseCache, label: str
    ) -> None:
        """Nothing: what is asked is noted when it is."""

    def embedded(self, questions: Sequence[Question]) -> dict[Key, list[float]]:
        """None: nothing is asked for them that is worth a note."""
        return {}

    def changed(self, folder: Path, name: str) -> "PlannedSubject":
        if self.subject is None or self.new or not folder.is_dir():
            return replace(self, name=name, new=True)
        return replace(self, name=name, subject=self.subject.changed(folder, name))


def _stand_in(question: Question) -> Answer:
    """An answer in place of one that is not known."""
    said = next(iter(question.closed or {"A": ()}))
    shares = {said: 1.0} if question.closed else None
    return Answer(said, "stop", None, None, False, shares)


@dataclass(frozen=True)
class PlannedTeacher:
    """A teacher whose trainings are noted; None where they are not."""

    teacher: Teacher | None
    plans: list[Plan]

    def estimate(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Plan:
        real = of.subject if isinstance(of, PlannedSubject) and not of.new else None
        if self.teacher is None:
            return Plan("")
        plan = self.teacher.estimate(rows, rule, seed, of=real)
        new = of is not None and real is None
        return replace(plan, trained=0, folder=None) if new else plan

    def teach(
        self, rows: Iterable[Row], rule: FinetuneParams, seed: int, *, of: Subject | None = None
    ) -> Path:
        plan = self.estimate(rows, rule, seed, of=of)
        if self.teacher is not None:
            self.plans.append(plan)
        return plan.folder or UNTAUGHT


@dataclass(frozen=True)
class PlannedModels(Models):
    """The models of `Models`; `plans` gets what is noted, of hosted ones alone where told so."""

    plans: list[Plan] = field(default_factory=list)
    hosted_only: bool = False

    def base(self, model: str, *, weights: bool = True) -> PlannedSubject:
        real = self._real.base(model, weights=False) if self._noted(model) else None
        return PlannedSubject(model, real, self.plans)

    def trained(
        self, model: str, adapter: str, seed: int, *, weights: bool = True
    ) -> PlannedSubject:
        name = subject_name(adapter, seed)
        if not self._noted(model) or not (self.data / "adapters" / name).is_dir():
            return replace(self.base(model), name=name, new=True)
        real = self._real.trained(model, adapter, seed, weights=False)
        return PlannedSubject(name, real, self.plans)

    def teacher(self, model: str, rule: FinetuneParams) -> PlannedTeacher | None:
        real = self._real.teacher(model, rule)
        if real is None:
            return None
        return PlannedTeacher(real if self._noted(model) else None, self.plans)

    @property
    def _real(self) -> Models:
        return Models(self.stage, self.limits, self.data, self.mode)

    def _noted(self, model: str) -> bool:
        return not self.hosted_only or is_hosted(self.data / "models" / model)


def planned(models: Models, rows: Callable[[Models], Iterable[object]]) -> list[Plan]:
    """What a stage would ask and teach; `rows` makes what it writes, with models that it gets."""
    return _gone_through(PlannedModels(models.stage, models.limits, models.data, models.mode), rows)


def foreseen(models: Models, rows: Callable[[Models], Iterable[object]]) -> None:
    """Tell what a stage will take of servers before it sends anything; nothing of local models.

    Raises StudyError where it would pass a limit of the study.
    """
    if not models.any_hosted:
        return
    noted = PlannedModels(models.stage, models.limits, models.data, models.mode, hosted_only=True)
    try:
        plans = [plan for plan in _gone_through(noted, rows) if plan.host]
    except StudyError as error:  # which the stage itself meets, or A was no answer for it
        log.info(f"{models.stage}: what it will take cannot be told beforehand: {error}")
        return
    if plans:
        for plan in plans:
            log.info(f"{models.stage}: {told(plan, models.limits)} (estimated)")
        check_fits(plans, Ledger(models.limits, models.stage))


def _gone_through(models: PlannedModels, rows: Callable[[Models], Iterable[object]]) -> list[Plan]:
    logger = logging.getLogger("stages")
    level = logger.level
    logger.setLevel(logging.ERROR)  # the stage says it once more, or is not run
    try:
        for _ in rows(models):
            pass
    finally:
        logger.setLevel(level)
    return by_subject(models.plans)
