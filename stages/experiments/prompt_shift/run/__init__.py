"""The same model with a prefix before its prompt: does its prediction move with its behavior?

M1 answers the object-level prompts with a prefix before each, and the predictors (self, cross)
answer the hypothetical questions with the same prefix before each (arXiv 2410.13787, section 3);
about another model the prefix is quoted before its prompt, as it is that model which gets it. A
prediction is set against what M1 did with the prefix (truth) and without it (other_truth). The
predictions of the main study, where no prefix was shown, are set against the same two: who is right
by chance, or does not read the prefix, is as right there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from stages.experiments.prompt_shift.params import Told
from stages.experiments.shared.outcomes import outcomes, prefixed, values
from stages.experiments.shared.study import Study
from stages.experiments.shared.tables import behavior, predictions
from stages.models.inputs import held_out_inputs
from stages.models.protocol import Subject
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.arms import CROSS, SELF, Arm, self_name
from stages.study.prompts import can_be_shown
from stages.study.truth import Key

KINDS = (SELF, CROSS)
PLAIN = ":plain question"


def run(target: str, told: Told, study: Study, cache: ResponseCache) -> Iterator[Row]:
    """Rows of the outcomes table; `condition` is the prefix, or `<prefix>:plain question`."""
    inputs = held_out_inputs(study.design.test, told.inputs)
    asked = {row["input_id"] for row in inputs}
    shifted = {
        seed: _shifted(target, seed, told, study, inputs, cache) for seed in study.design.seeds
    }
    plain = {
        seed: values(behavior(self_name(target), seed), inputs, study.design.properties)
        for seed in study.design.seeds
    }
    for arm, subject in study.arms(target):
        if arm.kind not in KINDS or arm.seed is None:
            continue
        unprefixed = [row for row in predictions(arm) if row["input_id"] in asked]
        did, before = shifted[arm.seed], plain[arm.seed]
        for name, prefix in told.prefixes.items():
            said = _said(subject, arm, name, prefix, study, inputs, cache)
            yield from outcomes(said, did[name], inputs, arm, name, other=before)
            shown = f"{name}{PLAIN}"
            yield from outcomes(unprefixed, did[name], inputs, arm, shown, other=before)


def _said(
    subject: Subject,
    arm: Arm,
    name: str,
    prefix: str,
    study: Study,
    inputs: Sequence[Row],
    cache: ResponseCache,
) -> Iterator[Row]:
    """Predictions where the question has the prefix: in the third person within what is quoted."""
    form = study.form(arm.kind)
    reworded = replace(form, reword=partial(prefixed, prefix=prefix))
    quoting = [row for row in inputs if form.person == "third" and can_be_shown(row)]
    quoted = {row["input_id"] for row in quoting}
    others = [row for row in inputs if row["input_id"] not in quoted]
    for rows, how in ((_prefixed(quoting, prefix), form), (others, reworded)):
        if rows:
            yield from study.said(subject, rows, cache, how, label=name)


def _prefixed(inputs: Sequence[Row], prefix: str) -> list[Row]:
    return [row | {"object_prompt": prefixed(row["object_prompt"], prefix)} for row in inputs]


def _shifted(
    target: str, seed: int, told: Told, study: Study, inputs: Sequence[Row], cache: ResponseCache
) -> dict[str, dict[Key, str]]:
    """Prefix -> what M1 does with it."""
    subject = study.models.trained(target, self_name(target), seed)
    found = {}
    for name, prefix in told.prefixes.items():
        did = study.done(subject, _prefixed(inputs, prefix), cache, "with a prefix")
        found[name] = values(did, inputs, study.design.properties)
    return found
