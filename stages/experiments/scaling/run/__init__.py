"""scaling: accuracy by the number of training inputs, for self, fresh-label self and cross.

The target is the M1 of the main study, whose predictions are the largest point. Every smaller
size trains each arm anew, by the settings of the main study, on the same inputs: M on its own
labels (self), M on M1's (fresh_self) and each other model on M1's (cross). A model that is taught
by examples alone is trained in no size.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence

from stages.experiments.scaling.params import Told
from stages.experiments.shared.outcomes import outcomes, values
from stages.experiments.shared.study import Study
from stages.experiments.shared.tables import behavior, informative, predictions
from stages.models.inputs import held_out_inputs
from stages.models.protocol import Subject, Teacher
from stages.models.rehearsal import own_answers
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row, read_rows
from stages.study.arms import (
    CROSS,
    FRESH_SELF,
    SELF,
    Arm,
    cross_dataset,
    fresh_dataset,
    self_name,
    subject_name,
)
from stages.study.design import Design
from stages.study.splits import rng

log = logging.getLogger(__name__)


def run(target: str, told: Told, study: Study, cache: ResponseCache) -> Iterator[Row]:
    """Outcomes on informative cells; `condition` is the number of training inputs."""
    inputs = held_out_inputs(study.design.test, told.inputs)
    cells = informative(target)
    for seed in study.design.seeds:
        did = values(behavior(self_name(target), seed), inputs, study.design.properties)
        for arm, size, said in _answers(target, seed, told, study, inputs, cache):
            counted = (row for row in said if (row["task"], row["property"]) in cells)
            yield from outcomes(counted, did, inputs, arm, str(size))


def _answers(
    target: str, seed: int, told: Told, study: Study, inputs: Sequence[Row], cache: ResponseCache
) -> Iterator[tuple[Arm, int, Iterable[Row]]]:
    """(arm, number of training inputs, predictions) of each arm and size."""
    rows_of = {
        SELF: _lessons(self_name(target), seed),
        FRESH_SELF: _lessons(fresh_dataset(target), seed),
        CROSS: _lessons(cross_dataset(target), seed),
    }
    order = training_order(rows_of[SELF], rows_of[FRESH_SELF], study.design)
    sizes = [size for size in told.sizes if size < len(order)]
    for size in sorted(set(told.sizes) - set(sizes)):
        log.warning(
            f"scaling: left out {size}, which is not under {len(order)}, the number of training "
            f"inputs that both datasets of {target} have (seed {seed})"
        )
    arms = [Arm(target, target, SELF, seed), Arm(target, target, FRESH_SELF, seed)]
    arms += [Arm(target, other, CROSS, seed) for other in study.design.others(target)]
    asked = {row["input_id"] for row in inputs}
    for arm in arms:
        teacher, adapter = study.models.teacher(arm.predictor, study.finetune), arm.adapter
        if teacher is None or adapter is None:
            continue
        own = rows_of[arm.kind]
        for size in sizes:
            said = study.said(
                _taught(teacher, arm.predictor, adapter, seed, own, set(order[:size]), study),
                inputs,
                cache,
                study.form(arm.kind),
                label=f"{arm.kind}, {size} inputs",
            )
            yield arm, size, said
            del said  # it holds the subject
        taught = len({row["input_id"] for row in own})
        yield arm, taught, (row for row in predictions(arm) if row["input_id"] in asked)


def training_order(stale: Iterable[Row], fresh: Iterable[Row], design: Design) -> list[str]:
    """The inputs that both datasets teach, in the order in which they are taken: ids.

    One of each train task in turn, so that the beginnings, which are the smaller sets, are
    balanced; within a task the order is decided by (seed, input).
    """
    both = {row["input_id"] for row in stale}
    tasks = {row["input_id"]: row["task"] for row in fresh if row["input_id"] in both}
    turns: list[tuple[int, int, str]] = []
    for number, task in enumerate(design.train):
        own = [key for key, other in tasks.items() if other == task]
        own.sort(key=lambda key: (rng(design.seed, "scaling", key).random(), key))
        turns += [(turn, number, key) for turn, key in enumerate(own)]
    return [key for _, _, key in sorted(turns)]


def _lessons(dataset: str, seed: int) -> list[Row]:
    """What is trained on for one seed; what was held back to measure it is not needed here."""
    path = f"data/datasets/{dataset}.parquet"
    return list(read_rows("datasets", path, seed=[None, seed], slice="train"))


def _taught(
    teacher: Teacher,
    predictor: str,
    adapter: str,
    seed: int,
    lessons: Iterable[Row],
    inputs: set[str],
    study: Study,
) -> Subject:
    """The base model trained on the rows of these inputs, with the draws of the main study's."""
    rule = study.finetune.of(predictor)
    rows = [row for row in lessons if row["input_id"] in inputs]
    rows += own_answers(predictor, inputs, rule)
    folder = teacher.teach(rows, rule, rule.seed_of(seed, adapter))
    return study.models.base(predictor).changed(folder, subject_name(adapter, seed))
