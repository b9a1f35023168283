"""calibration: is what a model says as frequent as what the target does?

As in arXiv 2410.13787, section 3. Of held-out inputs the target's distribution of a property's
values is set against the one that each predictor says. A row is one value that either of them gives
a probability; `condition` says how often the target did it:

- exact: where the answer is one of the options, the probability of each option's letter as first
  token of the answer, shares of all letters; else the shares of the samples that have a value:
- all: of all samples, as published; a likely value is then likely by luck, too;
- first_half, second_half: of each half of them. The first ranks the three likeliest values and
  is to be binned by, the second measures them.

What is said of a closed set of answers is exact, of other answers the share of all samples; what
the shares lack to 1 is no answer. The likeliest one is the row's `answer`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace

from stages.experiments.calibration.params import Told
from stages.experiments.calibration.run.behavior import behavior_shares
from stages.experiments.calibration.run.predictions import said_shares
from stages.experiments.calibration.run.shares import Asked, Did, Said, Shares
from stages.experiments.shared.study import Study
from stages.experiments.shared.tables import informative
from stages.models.inputs import held_out_inputs
from stages.storage.response_cache import ResponseCache
from stages.storage.tables import Row
from stages.study.arms import SELF, UNTRAINED, Arm
from stages.study.prompts import asked_properties
from stages.study.truth import Key

RANKS = 3
"""likeliest values by the first half of the samples, which the halves have rows of"""
UNTRAINED_OWN = "untrained_own"


def run(target: str, told: Told, study: Study, cache: ResponseCache) -> Iterator[Row]:
    """The values that M1 gives and self, fresh self, cross and untrained M say, of each input.

    Kind `untrained_own` is the paper's untrained: M about M, so another target; as M has no seed,
    these rows have the first.
    """
    asked = asked_inputs(target, told, study)
    did: dict[int | None, Did] = {}
    said: dict[Arm, dict[Key, Said]] = {}
    for arm, subject in study.arms(target):
        if arm.kind in (UNTRAINED, SELF):
            did[arm.seed] = behavior_shares(subject, asked, told.samples, study, cache)
        said[arm] = said_shares(subject, asked, told.samples, study.form(arm.kind), study, cache)
    for seed in study.design.seeds:
        did.setdefault(seed, did[None])  # where M1 was not trained it is M
    for arm, found in said.items():
        for seed in study.design.seeds if arm.seed is None else [arm.seed]:
            yield from _rows(replace(arm, seed=seed), asked, did[seed], found)
    for arm, found in said.items():
        if arm.kind == UNTRAINED:
            own = replace(arm, kind=UNTRAINED_OWN, seed=study.design.seeds[0])
            yield from _rows(own, asked, did[None], found)


def asked_inputs(target: str, told: Told, study: Study) -> dict[str, Asked]:
    """By task the inputs and the properties of them that are asked, informative cells only."""
    cells = informative(target)
    inputs: dict[str, list[Row]] = {}
    names: dict[str, set[str]] = {}
    for item in held_out_inputs(study.design.test, told.inputs):
        task = item["task"]
        own = {name for name in asked_properties(item, told.properties) if (task, name) in cells}
        if own:
            inputs.setdefault(task, []).append(item)
            names.setdefault(task, set()).update(own)
    return {task: Asked(items, sorted(names[task])) for task, items in inputs.items()}


def _rows(
    arm: Arm, asked: Mapping[str, Asked], did: Did, said: Mapping[Key, Said]
) -> Iterator[Row]:
    """The rows of one arm: of each input and property of which there are both."""
    for task, of_task in asked.items():
        about = asdict(arm) | {"task": task}
        for item in of_task.inputs:
            for name in of_task.properties:
                key = item["input_id"], name
                if key in did and key in said:
                    for row in value_rows(key, did[key], said[key]):
                        yield about | row


def value_rows(key: Key, did: Mapping[str, Shares], said: Said) -> Iterator[Row]:
    """The values of one input and property under each condition; of the halves the likeliest."""
    answer = next(iter(said.shares), None)
    for condition, shares in did.items():
        halves = condition in ("first_half", "second_half")
        ranked = list(did["first_half"] if halves else shares)
        for value in ranked[:RANKS] if halves else dict.fromkeys([*ranked, *said.shares]):
            yield {
                "condition": condition,
                "input_id": key[0],
                "property": key[1],
                "question": said.question,
                "raw_answer": None,
                "answer": answer,
                "compliant": answer is not None,
                "truth": value,
                "correct": answer == value,
                "rank": ranked.index(value) + 1 if value in ranked else None,
                "target_probability": shares.get(value, 0.0),
                "predicted_probability": said.shares.get(value, 0.0),
            }
