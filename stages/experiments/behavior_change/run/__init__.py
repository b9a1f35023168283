"""behavior_change: M1 is taught other answers and nothing about itself; does it notice? (MC)

MC is M1 finetuned on object-level answers to rehearsal inputs of the held-out tasks (arXiv
2410.13787, appendix A.3.1). What it then does on the scored inputs is sampled, and it is asked
about it. M1, which was not changed, and the cross-predictors stand beside it: what they predict of
MC's new behavior as well can be told without looking at MC, for example where answers drift to the
most common one.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from stages.experiments.behavior_change.params import KEY, Told
from stages.experiments.behavior_change.run.lessons import (
    check_held_out,
    taught_answers,
)
from stages.experiments.shared.outcomes import outcomes, values
from stages.experiments.shared.study import Study
from stages.experiments.shared.tables import behavior, predictions
from stages.models.inputs import by_id, held_out_inputs
from stages.models.protocol import Subject, Teacher
from stages.models.rehearsal import answer_rows
from stages.storage.errors import StudyError
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.arms import CROSS, SELF, Arm, self_name, subject_name
from stages.study.truth import Key

log = logging.getLogger(__name__)

CHANGED, BEHAVIOR = "changed", "behavior"


def run(target: str, told: Told, study: Study, cache: ResponseCache) -> Iterator[Row]:
    """Outcomes of kind changed (MC), self (M1) and cross on MC's new behavior; and of `behavior`.

    `truth` is what MC does and `other_truth` what M1 did. A row of kind behavior takes what MC
    does (`answer`) for a prediction of what M1 did (`truth`): correct where it stayed.
    """
    teacher = study.models.teacher(target, study.finetune)
    if teacher is None:
        log.warning(f"behavior_change: {target} is left out: it is taught by examples alone")
        return
    scored = held_out_inputs(study.design.test)
    for seed in study.design.seeds:
        yield from _of_seed(target, seed, told, study, teacher, scored, cache)


def _of_seed(
    target: str,
    seed: int,
    told: Told,
    study: Study,
    teacher: Teacher,
    scored: Sequence[Row],
    cache: ResponseCache,
) -> Iterator[Row]:
    changed, names = Arm(target, target, CHANGED, seed), study.design.properties
    subject = _changed(target, seed, told, study, teacher, scored, cache)
    did = study.done(subject, scored, cache)
    said = list(study.said(subject, scored, cache, study.form(CHANGED)))
    old = values(behavior(self_name(target), seed), scored, names)
    new = values(did, scored, names)
    stayed = replace(changed, kind=BEHAVIOR)
    yield from outcomes(_as_predictions(did, new, old, scored), old, scored, stayed, told.answers)
    yield from outcomes(said, new, scored, changed, told.answers, other=old)
    others = [Arm(target, other, CROSS, seed) for other in study.design.others(target)]
    for arm in (Arm(target, target, SELF, seed), *others):
        yield from outcomes(predictions(arm), new, scored, arm, told.answers, other=old)


def _changed(
    target: str,
    seed: int,
    told: Told,
    study: Study,
    teacher: Teacher,
    scored: Sequence[Row],
    cache: ResponseCache,
) -> Subject:
    """MC of one training seed; M1 is trained like M was, but for the keys that are told anew."""
    subject = study.models.trained(target, self_name(target), seed)
    taught, answers = taught_answers(subject, target, told, study, cache)
    change = answer_rows(taught, answers)
    if not change:
        raise StudyError(f"{KEY}: {told.answers!r}: no answer complies, so none can be taught")
    check_held_out(change, scored)
    log.info(f"behavior_change: {len(change)} answers to {len(taught)} inputs change {target}")
    how = {
        "epochs": told.epochs,
        "learning_rate": told.learning_rate,
        "batch_inputs": told.batch_inputs,
    }
    rule = study.finetune.of(target).model_copy(update=how)
    changed = f"{target}-changed"
    folder = teacher.teach(change, rule, rule.seed_of(seed, changed), of=subject)
    del subject  # one in memory at a time
    first = study.models.trained(target, self_name(target), seed)
    return first.changed(folder, subject_name(changed, seed))


def _as_predictions(
    did: Sequence[Row], new: Mapping[Key, str], old: Mapping[Key, str], inputs: Sequence[Row]
) -> Iterator[Row]:
    """What MC does (its first sample is shown) on all that M1 did."""
    said = {row["input_id"]: row["response"] for row in did if row["sample"] == 0}
    items = by_id(inputs)
    for key, name in old:
        yield {
            "input_id": key,
            "task": items[key]["task"],
            "property": name,
            "question": items[key]["object_prompt"],
            "raw_answer": said[key],
            "answer": new.get((key, name)),
            "compliant": (key, name) in new,
        }
