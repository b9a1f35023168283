"""What cells are judged by: M1's pilot answers, and what arms say of them when they are shown.

Nothing of a scored row is kept of any table, so that no scored row can decide which cells count.
M's pilot answers and the logs of trainings are for a reader, and decide nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp
from pathlib import Path
from statistics import fmean, median
from typing import Any

from pandas import isna

from stages.analysis.columns import records
from stages.storage.files import read_json
from stages.storage.tables import Row, read_columns, read_rows
from stages.study.arms import (
    LOG,
    UNTRAINED,
    Arm,
    model_kinds,
    pair_name,
    self_name,
    subject_name,
    was_trained,
)
from stages.study.design import Design
from stages.study.splits import part_of
from stages.study.text.form import word_form

DID = ("input_id", "sample", "response", "seed")
BEFORE = ("input_id", "sample", "response", "first_token_logprob")
SAID = ("kind", "input_id", "property", "answer", "compliant", "shown", "seed")


@dataclass(frozen=True)
class Pilot:
    """The pilot rows of a study."""

    inputs: Mapping[str, Row]
    """rows of the tasks tables of the held-out tasks, by input_id"""
    did: Mapping[str, Sequence[Row]]
    """target -> what M1 answered on pilot inputs, of all training seeds"""
    said: Mapping[Arm, Sequence[Row]]
    """trained arm -> its predictions on pilot inputs with the answer shown"""
    before: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    """target -> what M answered on pilot inputs"""
    logs: Mapping[Arm, Mapping[str, Any]] = field(default_factory=dict)
    """trained arm -> train_log.json"""


def read_pilot(design: Design, data: Path) -> Pilot:
    """The pilot rows below the folder `data`.

    Raises StudyError that names the file where one is missing or wrong.
    """
    inputs = {
        row["input_id"]: row
        for task in design.test
        for row in read_rows("tasks", data / "tasks" / f"{task}.parquet")
    }
    pilot = {key for key, row in inputs.items() if part_of(row["role"], key) == "pilot"}

    def read(kind: str, name: str, columns: Sequence[str]) -> list[Row]:
        rows = read_columns(kind, data / kind / f"{name}.parquet", columns)
        return records(rows[rows["input_id"].isin(pilot)].astype(object))

    did = {target: read("behavior", self_name(target), DID) for target in design.subjects}
    before = {target: read("behavior", target, BEFORE) for target in design.subjects}
    said: dict[Arm, Sequence[Row]] = {}
    logs: dict[Arm, Mapping[str, Any]] = {}
    for target in design.subjects:
        for predictor in design.predictors(target):
            rows = read("predictions", pair_name(predictor, target), SAID)
            own = _trained(predictor, target, design, data)
            logs |= own
            for arm in own:
                said[arm] = [
                    row
                    for row in rows
                    if row["shown"] and (row["kind"], row["seed"]) == (arm.kind, arm.seed)
                ]
    return Pilot(inputs, did, said, before, logs)


def pilot_answers(pilot: Pilot, design: Design) -> Iterator[Row]:
    """A row for each target and held-out task: how sure M is on pilot inputs, what M1 keeps of it.

    `certainty` is the median probability of the first token of M's answers. `kept` and `first_kept`
    are shares of M1's answers that are M's, and whose first word is, by input and sample, over all
    training seeds. None where there is nothing to tell it by; `inputs` of them are counted.
    """
    for target in design.subjects:
        for task in design.test:
            own = [row for row in pilot.before[target] if _task(pilot, row) == task]
            logprobs = [row["first_token_logprob"] for row in own if row["sample"] == 0]
            sure = [exp(logprob) for logprob in logprobs if not isna(logprob)]
            old = {(row["input_id"], row["sample"]): row["response"] for row in own}
            pairs = [
                (old[key], row["response"])
                for row in pilot.did[target]
                if (key := (row["input_id"], row["sample"])) in old
            ]
            yield {
                "target": target,
                "task": task,
                "inputs": len({row["input_id"] for row in own}),
                "certainty": median(sure) if sure else None,
                "kept": _share(one == other for one, other in pairs),
                "first_kept": _share(_first(one) == _first(other) for one, other in pairs),
            }


def _task(pilot: Pilot, row: Row) -> str:
    return str(pilot.inputs[row["input_id"]]["task"])


def _first(response: str) -> str:
    return word_form(next(iter(response.split()), ""))


def _share(found: Iterable[bool]) -> float | None:
    every = list(found)
    return fmean(every) if every else None


def _trained(
    predictor: str, target: str, design: Design, data: Path
) -> dict[Arm, Mapping[str, Any]]:
    """The arms of a predictor that there are, each with the log of its training."""
    arms = [
        Arm(target, predictor, kind, seed)
        for kind in model_kinds(predictor, target)
        if kind != UNTRAINED
        for seed in design.seeds
    ]
    logs = {
        arm: read_json(data / "adapters" / subject_name(str(arm.adapter), int(arm.seed or 0)) / LOG)
        for arm in arms
    }
    return {arm: log for arm, log in logs.items() if was_trained(log)}
