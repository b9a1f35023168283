"""other_arms: whom self is set against, beside the cross-predictors of the main study.

similar: M trained once more, on the lesson that made M1 and for as many steps, with other draws. It
is asked about this M1: other weights, the same lesson (arXiv 2503.07513). cross_informed: a cross
that also rehearses what M1 answers to the rehearsal inputs of the held-out tasks, which the
fresh-label self has from its own weights. cross_second: a cross that is taught and asked in the
second person, on the dataset of the fresh-label self.

The settings are those of the main study, and so are the inputs; asked is about used cells alone.
The main study's own arms stand beside them. A model that is taught by examples alone has none of
these arms, and without rehearsal inputs there is no cross_informed.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence

from stages.experiments.other_arms.params import Told
from stages.experiments.other_arms.run.lessons import lesson
from stages.experiments.shared.outcomes import outcomes, values
from stages.experiments.shared.study import Study
from stages.experiments.shared.tables import behavior, informative, predictions
from stages.models.inputs import held_out_inputs
from stages.models.protocol import Subject
from stages.models.section import FinetuneParams
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.arms import (
    CROSS,
    CROSS_INFORMED,
    FRESH_SELF,
    SELF,
    SIMILAR,
    Arm,
    arm_seed,
    self_name,
    subject_name,
)
from stages.study.truth import Cell

CONDITION = "main study"

log = logging.getLogger(__name__)


def run(target: str, told: Told, study: Study, cache: ResponseCache) -> Iterator[Row]:
    """Outcomes of the main study's arms and of the others, about M1 of `target`, in used cells."""
    cells = informative(target)
    if not cells:
        log.warning(f"other_arms: no cell of {target} is used, so no other arm is trained about it")
        return
    inputs = held_out_inputs(study.design.test)
    for seed in study.design.seeds:
        did = values(behavior(self_name(target), seed), inputs, study.design.properties)
        for arm in _of_main_study(target, seed, study):
            counted = (row for row in predictions(arm) if (row["task"], row["property"]) in cells)
            yield from outcomes(counted, did, inputs, arm, CONDITION)
        for arm, subject in _others(target, seed, told, study, cache):
            said = _said(subject, arm, inputs, cells, study, cache)
            yield from outcomes(said, did, inputs, arm, CONDITION)
            del subject, said  # one model at a time is held


def _of_main_study(target: str, seed: int, study: Study) -> list[Arm]:
    own = [Arm(target, target, kind, seed) for kind in (SELF, FRESH_SELF)]
    return own + [Arm(target, other, CROSS, seed) for other in study.design.others(target)]


def _others(
    target: str, seed: int, told: Told, study: Study, cache: ResponseCache
) -> Iterator[tuple[Arm, Subject]]:
    """The arms that are trained here, each with its subject."""
    for kind in told.arms:
        for predictor in (target,) if kind == SIMILAR else study.design.others(target):
            arm = Arm(target, predictor, kind, seed)
            teacher, adapter = study.models.teacher(predictor, study.finetune), arm.adapter
            if teacher is None or adapter is None:
                continue
            rows = lesson(arm, study, cache)
            if rows is None:
                log.warning(f"other_arms: no {kind} about {target}: it has no rehearsal inputs")
                continue
            rule = study.finetune.of(predictor)
            folder = teacher.teach(rows, rule, _draws(arm, adapter, rule))
            yield arm, study.models.base(predictor).changed(folder, subject_name(adapter, seed))


def _draws(arm: Arm, adapter: str, rule: FinetuneParams) -> int:
    """What a training draws by: that of similar by its own name whatever `seed_by` says."""
    assert arm.seed is not None
    if arm.kind == SIMILAR:
        return arm_seed(arm.seed, adapter)
    return rule.seed_of(arm.seed, adapter)


def _said(
    subject: Subject,
    arm: Arm,
    inputs: Sequence[Row],
    cells: Iterable[Cell],
    study: Study,
    cache: ResponseCache,
) -> Iterator[Row]:
    """Predictions in used cells: as a cross of the main study is asked, else as self is."""
    form = study.form(CROSS if arm.kind == CROSS_INFORMED else SELF)
    for task in study.design.test:
        names = [name for name in study.design.properties if (task, name) in cells]
        own = [row for row in inputs if row["task"] == task]
        if names:
            label = f"{arm.kind} {task}"
            yield from study.said(subject, own, cache, form, properties=names, label=label)
