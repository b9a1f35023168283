"""examples: what k worked examples in the prompt teach, beside what training teaches.

Each question is preceded by what M1 really did on inputs of the train tasks. So asked are M1 itself
(examples_self) and each other model, which was not trained (examples_cross): both are shown the
same rows. `condition` is how many examples stand before the question. At 0 stand what the same
models answer without any, and the trained arms of the main study, on the same inputs and cells.
Where the target was not trained its M1 is M, and the arms that are trained may be none.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from stages.experiments.examples.params import Told
from stages.experiments.examples.run.about import About, about_target
from stages.experiments.examples.run.drawing import after_turns
from stages.experiments.shared.study import Study
from stages.experiments.shared.tables import predictions
from stages.models.opening import Models
from stages.models.protocol import Subject
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.arms import UNTRAINED, Arm, model_kinds


def run(target: str, told: Told, study: Study, cache: ResponseCache) -> Iterator[Row]:
    """Outcomes on informative cells; `condition` is the number of examples."""
    for seed in study.design.seeds:
        about = about_target(target, seed, told, study)
        for predictor in study.design.predictors(target):
            for kind in model_kinds(predictor, target):
                trained = None if kind == UNTRAINED else seed
                said = about.counted(predictions(Arm(target, predictor, kind, trained)))
                yield from about.outcomes(said, Arm(target, predictor, kind, seed), 0)
        for arm in about.arms:
            subject = _subject(arm, study.models)
            yield from _said(arm, subject, about, study, cache)
            del subject  # one is in memory at a time


def _subject(arm: Arm, models: Models) -> Subject:
    if arm.adapter is None or arm.seed is None:
        return models.base(arm.predictor)
    return models.trained(arm.predictor, arm.adapter, arm.seed)


def _said(
    arm: Arm, subject: Subject, about: About, study: Study, cache: ResponseCache
) -> Iterator[Row]:
    """What it answers without examples, which is mostly known from the main study, and after them.

    All questions on a property begin with the same examples, so these are computed once.
    """
    form = study.form(arm.kind)
    for name, inputs in about.asked.items():
        said = study.said(subject, inputs, cache, form, properties=[name], label=name)
        yield from about.outcomes(said, arm, 0)
        shown = replace(
            form, reword=partial(after_turns, turns=about.turns(name, form.person)), together=True
        )
        count = len(about.examples[name])
        label = f"{name} after {count} examples"
        said = study.said(subject, inputs, cache, shown, properties=[name], label=label)
        yield from about.outcomes(said, arm, count)
