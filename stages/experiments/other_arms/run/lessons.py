"""What each of the other arms is taught."""

from stages.experiments.shared.study import Study
from stages.experiments.shared.training import dataset_lessons
from stages.models.inputs import split_inputs
from stages.models.rehearsal import answer_rows, own_answers, rehearsal
from stages.models.section import FinetuneParams
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.arms import CROSS_INFORMED, Arm, self_name
from stages.study.splits import part_of


def lesson(arm: Arm, study: Study, cache: ResponseCache) -> list[Row] | None:
    """The rows of its dataset, then what it rehearses; None where it has not what makes it.

    Where it rehearses what M1 answers to an input, it does not rehearse its own answers to it.
    """
    assert arm.dataset is not None and arm.seed is not None
    rule = study.finetune.of(arm.predictor)
    rows = dataset_lessons(arm.dataset, arm.seed)
    own = own_answers(arm.predictor, {row["input_id"] for row in rows}, rule)
    if arm.kind != CROSS_INFORMED:
        return [*rows, *own]
    informed = answers_of_target(arm.target, arm.seed, rule, study, cache)
    told = {row["input_id"] for row in informed}
    beside = (row for row in own if row["input_id"] not in told)
    return [*rows, *beside, *informed] if informed else None


def answers_of_target(
    target: str, seed: int, rule: FinetuneParams, study: Study, cache: ResponseCache
) -> list[Row]:
    """What M1 answers to the rehearsal inputs of the held-out tasks, as rows to rehearse.

    None of these inputs is judged or scored (`part_of`). They are labels: the distributions of
    another model are not known to who is taught. M1 is asked what it was not asked yet.
    """
    inputs = [
        row
        for task in study.design.test
        for row in split_inputs(task, "train")
        if part_of(row["role"], row["input_id"]) == "rehearsal"
    ]
    if not inputs:
        return []
    subject = study.models.trained(target, self_name(target), seed)
    did = study.done(subject, inputs, cache, "rehearsal inputs")
    return list(rehearsal(answer_rows(inputs, did), rule, distill=False))
